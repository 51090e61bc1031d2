/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGLINE_H
#define CLIENT_LOG_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line of a log that s6-log wrote with T, "2026-11-23 08:58:51.123456789  text", or with t,
 * "@40000000692bd3b81d6f3454 text". */

/* How much of a line is kept; s6-log itself ends a line at 8 KiB. */
#define LOGLINE_BYTES_MAX (16 * 1024)

struct logline {
        int64_t at_usec;  /* -1: the line has no stamp */
        int at_nsec;      /* the nanoseconds behind at_usec, 0 to 999 */
        const char *text; /* what follows the stamp; points into the line */
        size_t length;
};

/*
 * Turns stamps into time. Stamps of T are in the machine's local time; a caller with a TZ of its own is shown
 * them in that zone. Keeps the last minute it worked out, since neighbours in a log share it.
 */
struct logline_clock {
        bool other_zone; /* TZ is set */
        char minute[17]; /* "2026-11-23 08:58" */
        int64_t minute_usec;
};

void logline_clock_init(struct logline_clock *clock);

/* Splits a line of `length` bytes, without its newline, into stamp and text. The line is left as it is. */
void logline_parse(struct logline_clock *clock, const char *line, size_t length, struct logline *parsed);

#define LOGLINE_STAMP_BYTES 32

/* Writes the stamp, like "2026-11-23 08:58:51", in the caller's own time zone; "" without a stamp. buffer:
 * LOGLINE_STAMP_BYTES. */
const char *logline_stamp(const struct logline *line, char *buffer);

#endif
