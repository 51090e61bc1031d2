/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_MOMENT_H
#define CLIENT_TEXT_MOMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Points in time as people write them. */

/*
 * Reads "10m" or "1h30m" (that long ago), "14:30" or "14:30:15" (today, or yesterday if that is still to
 * come), "today" and "yesterday" (when they began), "2026-11-22", "2026-11-22 14:30" and
 * "2026-11-22T14:30:15.123456789", in local time, or with Z, +01:00 or +0100 behind it in that zone, and
 * "@1795344600" (seconds since 1970); "2 hours ago" and "90min", as other tools print or take them, and s6's
 * own "@4000000069..." (TAI64N). Returns false if the text is none of these, or no such date.
 */
bool moment_parse(const char *text, time_t now, int64_t *moment_usec);

#define MOMENT_TAI64N_DIGITS 24

/* Reads a stamp of s6 (TAI64N, with leap seconds), behind its @: MOMENT_TAI64N_DIGITS hexadecimal digits.
 * Reading stops at the first byte that is no digit, as at the end of a shorter text. *nsec: the nanoseconds
 * beyond the microsecond. Returns false if there is no such stamp. */
bool moment_read_tai64n(const char *digits, int64_t *moment_usec, int *nsec);

#endif
