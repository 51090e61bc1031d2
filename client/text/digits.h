/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_DIGITS_H
#define CLIENT_TEXT_DIGITS_H

#include <stdbool.h>
#include <stddef.h>

/* Decimal digits in text. */

/* Reads a text of digits. Returns false if it is empty, has anything else, or means more than INT_MAX. */
bool digits_parse(const char *text, int *number);

/* Whether text begins as a pattern says: d stands for a digit, every other byte for itself. */
bool digits_match(const char *text, const char *pattern);

/* Returns the number of the first `count` digits, at most nine, all of which must be there. */
int digits_number(const char *text, size_t count);

#endif
