/* SPDX-License-Identifier: ISC */
#ifndef PROTO_JSON_PAIRS_H
#define PROTO_JSON_PAIRS_H

#include <stddef.h>

/*
 * Returns a copy of `length` bytes of `text`, which json_scan() has accepted, with UTF-8 in the place of each
 * surrogate pair that is written as escapes, and with a NUL byte behind it; the caller frees it. *length
 * becomes the copy's length. NULL: out of memory.
 *
 * Where the lower 16 bits of the character that a pair stands for look like a surrogate (U+1D800, or U+2D800
 * and other ideographs), json-c before 0.19 takes the character for the first half of another pair. So no
 * json-c is shown a pair.
 */
char *json_pairs_resolve(const char *text, size_t *length);

#endif
