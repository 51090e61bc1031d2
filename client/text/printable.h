#ifndef CLIENT_TEXT_PRINTABLE_H
#define CLIENT_TEXT_PRINTABLE_H

#include <stddef.h>
#include <stdio.h>

/* What of text that others wrote may be shown as it is. */
enum printable {
        PRINTABLE_ASCII, /* on a terminal of another encoding */
        PRINTABLE_UTF8,  /* on a terminal that reads UTF-8: what printable_character() allows */
        PRINTABLE_BYTES, /* in a pipe or file: all but control characters, also where it is no UTF-8 */
};

/*
 * What may be shown of text that others wrote: what `printable` says as it is, every other byte as \xNN,
 * and so every control character, tabs too, that would be taken for more columns or lines. A backslash is
 * doubled where there are escapes for more than that. Control sequences can hide lines or type into the
 * shell, and so can some characters beyond ASCII. NULL when out of memory.
 */
char *printable_text(const char *text, enum printable printable);

/* Does the same with a line of a log, of `length` bytes: tabs stay, and colours (CSI ... m) are left out. */
char *printable_line(const char *text, size_t length, enum printable printable);

/* Returns how many bytes at text[0..length) stay as they are; 0: the next one is escaped, or a tab. length
 * must not be 0. */
size_t printable_plain(const char *text, size_t length, enum printable printable);

/* Escapes one byte: returns how many bytes of `escape`, of PRINTABLE_ESCAPE_BYTES, were written. No NUL. */
#define PRINTABLE_ESCAPE_BYTES 4
size_t printable_escape(unsigned char byte, char *escape);

/*
 * How many bytes the character beyond ASCII at text[0..length) takes, if a terminal that reads UTF-8 may get
 * it as it is; 0: it is none, or could hide or reorder what is around it. length must not be 0.
 */
size_t printable_character(const char *text, size_t length);

/* Returns the bytes of the control character at text[0..length): C0 but for a tab, DEL, C1, or one that
 * overrides the direction of what follows; 0: there is none. */
size_t printable_control(const char *text, size_t length);

/* Returns the length of a colour's sequence at the start of text: ESC [, digits and semicolons, m. 0:
 * there is none. */
size_t printable_colour(const char *text, size_t length);

/*
 * JSON text with everything beyond ASCII as \uNNNN: the same document, harmless on any terminal. text must be
 * JSON without raw control characters, as json-c writes it. Each byte that is no UTF-8 becomes U+FFFD.
 */
void printable_write_json(FILE *file, const char *text);

#endif
