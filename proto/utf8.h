#ifndef PROTO_UTF8_H
#define PROTO_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* May stand in a JSON text that others read: neither a surrogate nor a noncharacter (RFC 7493, 2.1). */
bool utf8_code_point_ok(uint32_t code_point);

/* How many bytes the code point takes as UTF-8. */
size_t utf8_size(uint32_t code_point);

/*
 * Bytes of the first character of bytes[0..length), 1 to 4; 0 if that is no UTF-8 in its shortest form, is
 * cut off, or is a code point that utf8_code_point_ok() refuses. A NUL byte is a character of one byte.
 * length must not be 0.
 */
size_t utf8_length(const char *bytes, size_t length);

#endif
