/* SPDX-License-Identifier: ISC */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Lines on standard error, one write each, at most LOG_LINE_BYTES, never blocking (a full pipe drops lines
 * and a later line counts them). Every byte of a %s argument outside [A-Za-z0-9_.:@/+-] is written as %XX, so
 * a value can neither look like another field nor end the line; the format itself is ours and goes out as it
 * is. A line that does not fit ends in "...". SIGPIPE must be ignored.
 *
 * What a client can cause has a budget in bytes (bounds.h): each subject one, and each of audit lines and
 * refusals one for root, one for the client user, one for all others. So nobody's lines drown anybody else's.
 * What is over its budget is counted, and the count is a line of its own, as soon as the budget has room for
 * it.
 */
enum log_source {
        LOG_ROOT,
        LOG_CLIENT,
        LOG_OTHERS,
};

/* Formats: %s (escaped), %d, %u, %lld, %% only. `subject: what: why key=value ...` Any thread may. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The rest is the loop's. What happens, as often as gateways or clients make it happen: by its subject. */
void log_event(const char *format, ...) __attribute__((format(printf, 1, 2)));

void log_refusal(enum log_source source, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct line;

/* A change, as log_line.h has made a line of it, but for its end. Root's have no budget, and some of them are kept while
 * standard error is full. */
void log_change(enum log_source source, struct line *line);

/* Calls `held` when a line is held back and a count is to be told: log_settle() is to be called now and then.
 * NULL: nobody does. */
void log_on_held(void (*held)(void *owner), void *owner);

/* Tells the counts that have room in their budgets; all: whether or not. True: some are left. */
bool log_settle(bool all);

#endif
