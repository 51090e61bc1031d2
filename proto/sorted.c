/* SPDX-License-Identifier: ISC */
#include "proto/sorted.h"

#include <string.h>

size_t sorted_place(const void *key, const void *elements, size_t count, size_t size,
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

int sorted_compare_strings(const void *left, const void *right)
{
        return strcmp(*(const char *const *)left, *(const char *const *)right);
}
