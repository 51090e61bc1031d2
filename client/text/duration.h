/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_DURATION_H
#define CLIENT_TEXT_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lengths of time as people write them. */

#define DURATION_TEXT_BYTES 32

/*
 * Reads "500ms", "30s", "2m", "1h30m", "3h 12m": whole numbers, each with its unit (ms, s, m, h, d, w),
 * largest unit first. A number without a unit is refused, since nobody knows whether it was meant as seconds.
 * Returns false if the text is no duration, or one over INT_MAX msec.
 */
bool duration_parse(const char *text, int *duration_msec);

/* Reads up to a thousand years, also as people and other tools write it: "2 hours", "90min", "1 day 3 h". */
bool duration_parse_words(const char *text, int64_t *duration_msec);

/* Writes the two largest units, like "3h 12m", "12s", "350ms". Negative counts as 0. buffer:
 * DURATION_TEXT_BYTES. */
const char *duration_format(int64_t duration_msec, char *buffer);

#endif
