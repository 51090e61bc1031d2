/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_DIGITS_H
#define CLIENT_TEXT_DIGITS_H

#include <stdbool.h>
#include <stddef.h>

/* Decimal digits in text. */

/* Reads digits and nothing else. false: there are none, or they mean more than INT_MAX. */
bool digits_parse(const char *text, int *number);

/* Whether text begins as a pattern says: d stands for a digit, every other byte for itself. */
bool digits_match(const char *text, const char *pattern);

/* The number that `count` digits mean, which are there; at most nine. */
int digits_number(const char *text, size_t count);

#endif
