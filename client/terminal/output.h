/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TERMINAL_OUTPUT_H
#define CLIENT_TERMINAL_OUTPUT_H

#include <poll.h>
#include <stdbool.h>

/* Whether what is printed on stdout arrives. */

/* What poll(2) says of stdout when nobody reads it any more. */
#define OUTPUT_UNREAD (POLLERR | POLLHUP)

/*
 * Writes out everything that was printed on stdout. Returns false if it could not be written (a full disk);
 * that a reader went away (`svcctl list | head`) is fine.
 */
bool output_flush(void);

#endif
