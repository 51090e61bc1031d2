/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_RANGE_H
#define CLIENT_TEXT_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets of characters, as sorted tables of what they begin and end with. */
struct range {
        uint32_t first, last;
};

bool range_has(const struct range *ranges, size_t count, uint32_t character);

#endif
