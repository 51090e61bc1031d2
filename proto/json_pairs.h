/* SPDX-License-Identifier: ISC */
#ifndef PROTO_JSON_PAIRS_H
#define PROTO_JSON_PAIRS_H

#include <stddef.h>

/*
 * A copy of `length` bytes of `text`, which json_scan() has accepted, with UTF-8 in the place of each
 * surrogate pair that is written as escapes, and a NUL byte behind it: free() it. *length becomes the copy's.
 * NULL: out of memory.
 *
 * json-c before 0.19 takes what a pair stands for, where its lower half looks like a surrogate (U+1D800, or
 * U+2D800 and other ideographs), for the first half of another pair. So no json-c is shown a pair.
 */
char *json_pairs_resolve(const char *text, size_t *length);

#endif
