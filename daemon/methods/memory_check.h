/* SPDX-License-Identifier: ISC */
#ifndef METHODS_MEMORY_CHECK_H
#define METHODS_MEMORY_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/session/server.h"

/*
 * Whether the container's memory is nearly used up, as its control group has it; always false without
 * --memory-percent. Looks again when the last look is older than MEMORY_CHECK_MSEC. True: a text of up to
 * `size` bytes in `problem` says so.
 */
bool memory_check(struct server *server, char *problem, size_t size);

#endif
