/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_WIDTH_H
#define CLIENT_TEXT_WIDTH_H

#include <stddef.h>

/*
 * Returns how many columns of a terminal text takes that is printable already (printable.h). Combining
 * characters take none, those of East Asia and most pictures two, every other character one, and so does a
 * byte that is no UTF-8. wcwidth() says the same only in a locale that is installed.
 */
size_t width_of(const char *text);

/* Measures the first `length` bytes of a text. */
size_t width_of_bytes(const char *text, size_t length);

/* Returns how many bytes of the first `length` fit in `columns`: whole characters, with those that combine
 * with them. */
size_t width_fit(const char *text, size_t length, size_t columns);

/* Returns how many bytes at the end of the first `length` fit. */
size_t width_fit_end(const char *text, size_t length, size_t columns);

/* Returns a text of at most `columns`, at least 1: the text, or the beginning and the end of one that is wider,
 * since names that look alike mostly differ in one of them: free() it. ellipsis: put where it is cut; one
 * column wide. NULL when out of memory. */
char *width_cut(const char *text, size_t columns, const char *ellipsis);

/* Returns the bytes of the first character, 1 to 4, and its columns. text must not be empty. */
size_t width_character(const char *text, size_t length, size_t *columns);

#endif
