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
 * What a client can cause has a budget in bytes (bounds.h): each subject of events has one; refusals have one
 * for root, one for the client user and one for all others; audit lines have the latter two, as root's have
 * no budget. So nobody's lines drown anybody else's. Lines over their budget are counted, and the count
 * becomes a line of its own as soon as the budget has room for it.
 */
enum log_source {
        LOG_ROOT,
        LOG_CLIENT,
        LOG_OTHERS,
};

/*
 * Writes a line that has no budget. Formats, here and below: `subject: what: why key=value ...`, with %s
 * (escaped), %d, %u, %lld and %% only. Any thread may call this.
 */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * All functions below are the loop's only. An event happens as often as gateways or clients make it happen,
 * and counts against the budget of its subject, which is the format up to the first colon.
 */
void log_event(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes that a request was refused; the line counts against the budget of refusals of its source. */
void log_refusal(enum log_source source, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct line;

/* Writes a change: a line that log_line.h's functions have made, but for its end. Root's have no budget, and
 * up to LOG_KEPT_LINES of them are kept while standard error is full. */
void log_change(enum log_source source, struct line *line);

/*
 * Sets the function to be called when a line is held back, before the function that logs it returns: from
 * then on log_settle() is to be called now and then, until it returns false. NULL: nobody is called.
 */
void log_on_held(void (*held)(void *owner), void *owner);

/* Writes the lines that were kept, and the counts that have room in their budgets; all: also those that have
 * none. Returns true if some are left. */
bool log_settle(bool all);

#endif
