/* SPDX-License-Identifier: ISC */
#ifndef PROTO_SORTED_H
#define PROTO_SORTED_H

#include <stddef.h>

/*
 * Where `key` belongs in a sorted array: the place of the first element that does not come before it, or
 * `count`. (bsearch(3) only says whether there is an equal element.) `compare` is as for bsearch(3). Inline,
 * and with it `compare`: each call looks a name up.
 */
static inline size_t sorted_place(const void *key, const void *elements, size_t count, size_t size,
                                  int (*compare)(const void *key, const void *element))
{
        const char *first = elements;
        size_t low = 0, high = count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (compare(key, first + middle * size) > 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Compares elements of an array of strings, for qsort(3) and bsearch(3), whose key is the address of a
 * string's pointer as well. */
int sorted_compare_strings(const void *left, const void *right);

#endif
