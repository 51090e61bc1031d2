/* SPDX-License-Identifier: ISC */
#ifndef PROTO_UTF8_H
#define PROTO_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_BYTES_MAX 4 /* of one character */

/* The character that stands for bytes that are no UTF-8. */
#define UTF8_REPLACEMENT 0xfffdu

/* Whether a JSON text for others may have that character: neither a surrogate nor a noncharacter (RFC 7493,
 * 2.1). */
bool utf8_code_point_ok(uint32_t code_point);

/* How many bytes the code point takes as UTF-8. */
size_t utf8_size(uint32_t code_point);

/*
 * The one decoder of UTF-8: reads the first character of bytes[0..length) into *code_point, and returns how
 * many bytes it has, 1 to 4. Returns 0, with *code_point untouched, if the bytes are no UTF-8 in its shortest
 * form, or the character is cut off, a surrogate or beyond U+10FFFF. A NUL byte is a character of one byte.
 * length must not be 0.
 */
size_t utf8_decode(const char *bytes, size_t length, uint32_t *code_point);

/* Like utf8_decode(), without the code point; 0 also for a noncharacter, which utf8_code_point_ok()
 * refuses. */
size_t utf8_length(const char *bytes, size_t length);

/* For text that was cut behind bytes[0..length): how many of these bytes there are without a character at the
 * end that has only begun. */
size_t utf8_cut(const char *bytes, size_t length);

/* Ends a string that was cut in front of a character that has only begun. */
void utf8_end(char *text);

/* For text that begins anywhere in a longer one: how many bytes at its beginning belong to a character that
 * began before. */
size_t utf8_skip(const char *bytes, size_t length);

#endif
