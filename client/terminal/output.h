/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TERMINAL_OUTPUT_H
#define CLIENT_TERMINAL_OUTPUT_H

#include <poll.h>
#include <stdbool.h>

/* Whether what is printed on stdout arrives. */

/* What poll(2) says when nobody reads it any more. */
#define OUTPUT_UNREAD (POLLERR | POLLHUP)

/*
 * Everything on stdout is out. false: it could not be written (a full disk); a reader that went away (`svcctl
 * list | head`) is fine.
 */
bool output_flush(void);

#endif
