/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGWINDOW_H
#define CLIENT_LOG_LOGWINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "client/text/printable.h"

/* The last lines of a log as it grows, for a caller that has other things to do meanwhile: nothing here waits
 * for the log, and what is kept is bounded. */
struct logwindow;

#define LOGWINDOW_LINES 500
#define LOGWINDOW_LINE_BYTES 2048 /* the rest of a longer line is left out */

/* Opens a log with the caller's rights. printable: for printable_line(). Returns 0 or negative errno. */
int logwindow_open(const char *directory, enum printable printable, struct logwindow **window);
void logwindow_close(struct logwindow *window); /* NULL is fine */

/* Takes the lines that came. Returns 1 if there were any, 0 if not, or negative errno: -ENOENT if the
 * directory is gone. */
int logwindow_look(struct logwindow *window);

/* Whether the last look left lines untaken: then there is no need to wait for the descriptor. */
bool logwindow_is_behind(const struct logwindow *window);

/* Returns the descriptor that has POLLIN when there may be new lines; -1: there is none, so look now and
 * then. */
int logwindow_fd(const struct logwindow *window);

/* Return how many lines are kept, and one of them, the oldest first: printable, with its time, without
 * tabs. */
size_t logwindow_count(const struct logwindow *window);
const char *logwindow_line(const struct logwindow *window, size_t place);

#endif
