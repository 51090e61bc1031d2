/* SPDX-License-Identifier: ISC */
#ifndef PROTO_SORTED_H
#define PROTO_SORTED_H

#include <stddef.h>

/*
 * Arrays in order. bsearch(3) says whether something is in one; this says where it belongs: at the first element that
 * is not before `key`, or behind all. `compare` is as for bsearch(3).
 */
size_t sorted_place(const void *key, const void *elements, size_t count, size_t size,
                    int (*compare)(const void *key, const void *element));

/* Orders an array of strings, for qsort(3) and bsearch(3); the key is the address of one, too. */
int sorted_compare_strings(const void *left, const void *right);

#endif
