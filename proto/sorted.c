/* SPDX-License-Identifier: ISC */
#include "proto/sorted.h"

#include <string.h>

int sorted_compare_strings(const void *left, const void *right)
{
        return strcmp(*(const char *const *)left, *(const char *const *)right);
}
