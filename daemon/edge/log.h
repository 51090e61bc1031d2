#ifndef EDGE_LOG_H
#define EDGE_LOG_H

#include <stdarg.h>

/*
 * Lines on standard error, one write each, at most LOG_LINE_BYTES, never blocking (a full pipe drops lines
 * and a later line counts them). Every byte of a %s argument outside [A-Za-z0-9_.:@/+-] is written as %XX, so
 * a value can neither look like another field nor end the line; the format itself is ours and goes out as it
 * is. A line that does not fit ends in "...". SIGPIPE must be ignored. Any thread may log.
 */
#define LOG_LINE_BYTES 512

/* Formats: %s (escaped), %d, %u, %lld, %% only. `subject: what: why key=value ...` */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For refusals, which have a budget of their own (20 a second, burst 60), so that they cannot drown changes.
 */
void log_refusal(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
