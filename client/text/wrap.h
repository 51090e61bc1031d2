/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_WRAP_H
#define CLIENT_TEXT_WRAP_H

#include <stddef.h>
#include <stdio.h>

#include "client/text/printable.h"

/*
 * Writes text so that no line is wider than `columns` (0: no bound), broken at blanks, or within a word that
 * is wider than a line. The text begins at column `at`, and each further line at column `indent`; it ends
 * without a newline. text: printable already.
 */
void wrap_write(FILE *file, const char *text, size_t at, size_t indent, size_t columns);

/* Writes the same with a newline at its end. */
void wrap_line(FILE *file, const char *text, size_t at, size_t indent, size_t columns);

/* Writes others' text in the same way, made printable; when out of memory, the newline alone. */
void wrap_print(FILE *file, const char *text, enum printable printable, size_t at, size_t indent,
                size_t columns);

/* Returns the columns of a text's longest word, which is broken where there is less room than that. */
size_t wrap_longest(const char *text);

#endif
