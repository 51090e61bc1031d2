/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_RANGE_H
#define CLIENT_TEXT_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set of characters is a sorted table of ranges. */
struct range {
        uint32_t first, last;
};

/* Whether a character is in a set of `count` ranges, at least one. */
bool range_has(const struct range *ranges, size_t count, uint32_t character);

#endif
