/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_TINT_H
#define CLIENT_TEXT_TINT_H

#include <stdbool.h>
#include <stdio.h>

#include "client/text/printable.h"

/* What the colour of a text means. */
enum tint { TINT_PLAIN = 0, TINT_GOOD, TINT_BUSY, TINT_BAD, TINT_DIM };

/* Prints a text in the tint's colour, made printable; tint_write() prints it as it is. colour: the file gets
 * colours. */
void tint_print(FILE *file, const char *text, enum printable printable, enum tint tint, bool colour);
void tint_write(FILE *file, const char *text, enum tint tint, bool colour);

/* Prints a name in a colour that means nothing but its number: neighbouring numbers have different
 * colours. */
void tint_write_name(FILE *file, const char *name, size_t number, bool colour);

#endif
