/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGWINDOW_H
#define CLIENT_LOG_LOGWINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "client/text/printable.h"

/* The last lines of a log as it grows, for who has other things to do meanwhile: nothing here waits for the
 * log, and what is kept is bounded. */
struct logwindow;

#define LOGWINDOW_LINES 500
#define LOGWINDOW_LINE_BYTES 2048 /* of a longer one the rest is left out */

/* Reads with the caller's rights. printable: for printable_line(). 0 or negative errno. */
int logwindow_open(const char *directory, enum printable printable, struct logwindow **window);
void logwindow_close(struct logwindow *window); /* NULL is fine */

/* Takes what came. 1: something did; 0: nothing; or negative errno, -ENOENT where the directory is gone. */
int logwindow_look(struct logwindow *window);

/* The last look has not taken all that there was: there is no need to wait for the descriptor. */
bool logwindow_is_behind(const struct logwindow *window);

/* The descriptor that has POLLIN when there may be something; -1: there is none, look now and then. */
int logwindow_fd(const struct logwindow *window);

/* Lines, the oldest first: printable, with their time, without tabs. */
size_t logwindow_count(const struct logwindow *window);
const char *logwindow_line(const struct logwindow *window, size_t place);

#endif
