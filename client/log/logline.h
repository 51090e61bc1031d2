/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGLINE_H
#define CLIENT_LOG_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line of a log that s6-log wrote with T, "2026-11-23 08:58:51.123456789  text", or with t,
 * "@40000000692bd3b81d6f3454 text". */

/* What is kept of a line; s6-log itself ends one at 8 KiB. */
#define LOGLINE_BYTES_MAX (16 * 1024)

struct logline {
        int64_t at_usec;  /* -1: it has no stamp */
        int at_nsec;      /* behind that */
        const char *text; /* behind the stamp; points into the line */
        size_t length;
};

/*
 * Stamps of T are the local time of the machine; those of a caller with a TZ of its own are shown in that. Keeps
 * the last minute it looked at, since neighbours in a log share it.
 */
struct logline_clock {
        bool other_zone; /* TZ is set */
        char minute[17]; /* "2026-11-23 08:58" */
        int64_t minute_usec;
};

void logline_clock_init(struct logline_clock *clock);

/* line: of `length` bytes, no newline. Untouched. */
void logline_parse(struct logline_clock *clock, const char *line, size_t length, struct logline *parsed);

#define LOGLINE_STAMP_BYTES 32

/* "2026-11-23 08:58:51" in the caller's own time; "" without a stamp. buffer: LOGLINE_STAMP_BYTES. */
const char *logline_stamp(const struct logline *line, char *buffer);

#endif
