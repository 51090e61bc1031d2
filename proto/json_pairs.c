/* SPDX-License-Identifier: ISC */
#include "proto/json_pairs.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPE_BYTES (sizeof("\\uXXXX") - 1)

/* The UTF-16 unit of an escape \uXXXX, which the scanner has accepted. */
static uint32_t json_escape_unit(const char *escape)
{
        char digits[] = {escape[2], escape[3], escape[4], escape[5], '\0'};

        return (uint32_t)strtoul(digits, NULL, 16);
}

/* Writes the character of a pair as UTF-8, and returns its bytes. The scanner accepts no half alone, so the
 * low half follows the high one. */
static size_t json_pair_write(const char *pair, uint32_t high, char *to)
{
        uint32_t low = json_escape_unit(pair + ESCAPE_BYTES);
        uint32_t code_point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);

        to[0] = (char)(0xf0 | code_point >> 18);
        to[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
        to[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
        to[3] = (char)(0x80 | (code_point & 0x3f));
        return 4;
}

char *json_pairs_resolve(const char *text, size_t *length)
{
        const char *end = text + *length;
        char *copy = malloc(*length + 1);
        char *to = copy;

        if (!copy)
                return NULL;
        while (text < end) {
                size_t bytes = *text != '\\' ? 1 : text[1] == 'u' ? ESCAPE_BYTES : 2;
                uint32_t unit = bytes == ESCAPE_BYTES ? json_escape_unit(text) : 0;

                if (unit >= 0xd800 && unit <= 0xdbff) {
                        to += json_pair_write(text, unit, to);
                        text += 2 * ESCAPE_BYTES;
                } else {
                        memcpy(to, text, bytes);
                        to += bytes;
                        text += bytes;
                }
        }
        *to = '\0';
        *length = (size_t)(to - copy);
        return copy;
}
