/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_PRINTABLE_H
#define CLIENT_TEXT_PRINTABLE_H

#include <stddef.h>
#include <stdio.h>

/* Which part of the text that others wrote may be shown as it is. */
enum printable {
        PRINTABLE_ASCII, /* on a terminal of another encoding: only ASCII */
        PRINTABLE_UTF8, /* on a terminal that reads UTF-8: all but what hides or reorders what is around it */
        PRINTABLE_BYTES, /* in a pipe or file: all but control characters, also where it is no UTF-8 */
};

/*
 * Returns what may be shown of text that others wrote: free() it. NULL when out of memory. What `printable`
 * says stays as it is, and every other byte becomes \xNN: so does every control character, even tabs, which
 * would take more columns or lines. A backslash is doubled where more than control characters is escaped.
 * Control sequences can hide lines or type into the shell, and so can some characters beyond ASCII.
 */
char *printable_text(const char *text, enum printable printable);

/* Does the same with a line of a log, of `length` bytes: tabs stay, and colours (CSI ... m) are left out. */
char *printable_line(const char *text, size_t length, enum printable printable);

/* Returns the length of a colour's sequence at the start of text: ESC [, digits and semicolons, m. 0:
 * there is none. */
size_t printable_colour(const char *text, size_t length);

/*
 * Writes JSON text with everything beyond ASCII as \uNNNN: the same document, harmless on any terminal. text
 * must be JSON without raw control characters, as json-c writes it. Each byte that is no UTF-8 becomes
 * U+FFFD.
 */
void printable_write_json(FILE *file, const char *text);

#endif
