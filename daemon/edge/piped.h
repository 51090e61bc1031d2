/* SPDX-License-Identifier: ISC */
#ifndef EDGE_PIPED_H
#define EDGE_PIPED_H

#include <sys/types.h>

#include "daemon/judge/log_pipe.h"

/*
 * Is what one of the client user's processes prints (its descriptor 1) what another one reads (its descriptor
 * 0)? For the deputy, as that user: nobody else without capabilities sees what these processes have open, and
 * a file may hold up whoever looks at it. PIPED_UNKNOWN for a writer that prints to what it opened itself.
 */
enum piped piped_look(pid_t writer, pid_t reader, uid_t uid);

#endif
