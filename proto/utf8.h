/* SPDX-License-Identifier: ISC */
#ifndef PROTO_UTF8_H
#define PROTO_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_BYTES_MAX 4 /* of a character */

/* Stands for what is no UTF-8. */
#define UTF8_REPLACEMENT 0xfffdu

/* May stand in a JSON text that others read: neither a surrogate nor a noncharacter (RFC 7493, 2.1). */
bool utf8_code_point_ok(uint32_t code_point);

/* How many bytes the code point takes as UTF-8. */
size_t utf8_size(uint32_t code_point);

/*
 * The one decoder of UTF-8: reads the first character of bytes[0..length) into *code_point, and returns its
 * bytes, 1 to 4. 0, and *code_point untouched, if that is no UTF-8 in its shortest form, is cut off, is a
 * surrogate or beyond U+10FFFF. A NUL byte is a character of one byte. length must not be 0.
 */
size_t utf8_decode(const char *bytes, size_t length, uint32_t *code_point);

/* Only its bytes, and 0 also for a noncharacter, which utf8_code_point_ok() refuses. */
size_t utf8_length(const char *bytes, size_t length);

/* For text that is cut after bytes[0..length): how much of it there is without a character that has only
 * begun. */
size_t utf8_cut(const char *bytes, size_t length);

/* The same of a string, which ends there then. */
void utf8_end(char *text);

/* For text that begins somewhere in a longer one: how many bytes at its begin belong to a character
 * before. */
size_t utf8_skip(const char *bytes, size_t length);

#endif
