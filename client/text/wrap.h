#ifndef CLIENT_TEXT_WRAP_H
#define CLIENT_TEXT_WRAP_H

#include <stddef.h>
#include <stdio.h>

/*
 * Writes text so that no line is wider than `columns` (0: no bound), broken at blanks, or within a word that
 * has no other place; begins at column `at`, and each further line at column `indent`. Ends without a
 * newline. text: printable already.
 */
void wrap_write(FILE *file, const char *text, size_t at, size_t indent, size_t columns);

/* The longest word of a text: what is broken where there is less room. */
size_t wrap_longest(const char *text);

#endif
