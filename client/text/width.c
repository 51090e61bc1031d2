/* SPDX-License-Identifier: ISC */
#include "client/text/width.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "client/text/range.h"
#include "proto/utf8.h"

/* Marks (Mn, Me) of the scripts that are in use, joiners and selectors. */
static const struct range combining[] = {
        {0x0300, 0x036f}, {0x0483, 0x0489},   {0x0591, 0x05bd},   {0x05bf, 0x05bf}, {0x05c1, 0x05c7},
        {0x0610, 0x061a}, {0x064b, 0x065f},   {0x0670, 0x0670},   {0x06d6, 0x06dc}, {0x06df, 0x06e4},
        {0x06e7, 0x06e8}, {0x06ea, 0x06ed},   {0x0900, 0x0902},   {0x093a, 0x093a}, {0x093c, 0x093c},
        {0x0941, 0x0948}, {0x094d, 0x094d},   {0x0951, 0x0957},   {0x0981, 0x0981}, {0x09bc, 0x09bc},
        {0x09c1, 0x09c4}, {0x09cd, 0x09cd},   {0x0e31, 0x0e31},   {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
        {0x0eb1, 0x0eb1}, {0x0eb4, 0x0ebc},   {0x0ec8, 0x0ecd},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
        {0x200b, 0x200f}, {0x20d0, 0x20f0},   {0x302a, 0x302d},   {0x3099, 0x309a}, {0xfe00, 0xfe0f},
        {0xfe20, 0xfe2f}, {0x1f3fb, 0x1f3ff}, {0xe0100, 0xe01ef},
};

/* East Asian Width W and F (UAX #11). */
static const struct range wide[] = {
        {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x23f0, 0x23f0},
        {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267f, 0x267f},
        {0x2693, 0x2693},   {0x26a1, 0x26a1},   {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},
        {0x26ce, 0x26ce},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f3},   {0x26f5, 0x26f5},
        {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},
        {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
        {0x27b0, 0x27b0},   {0x27bf, 0x27bf},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},
        {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4c6},
        {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6b},
        {0xff01, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18aff}, {0x1b000, 0x1b2fb}, {0x1f004, 0x1f004},
        {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335},
        {0x1f337, 0x1f37c}, {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0},
        {0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d},
        {0x1f54b, 0x1f567}, {0x1f57a, 0x1f57a}, {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f},
        {0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6d7}, {0x1f6dc, 0x1f6df},
        {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7f0}, {0x1f90c, 0x1f9ff}, {0x1fa70, 0x1faff},
        {0x20000, 0x3fffd},
};

size_t width_character(const char *text, size_t length, size_t *columns)
{
        uint32_t character = 0;
        size_t size = utf8_decode(text, length, &character);

        if (size > 0 && range_has(combining, sizeof(combining) / sizeof(combining[0]), character))
                *columns = 0;
        else if (size > 0 && range_has(wide, sizeof(wide) / sizeof(wide[0]), character))
                *columns = 2;
        else
                *columns = 1;
        return size > 0 ? size : 1;
}

size_t width_fit(const char *text, size_t length, size_t columns)
{
        size_t at = 0, one;

        while (at < length) {
                size_t size = width_character(text + at, length - at, &one);

                if (one > columns)
                        break;
                columns -= one;
                at += size;
        }
        return at;
}

size_t width_of_bytes(const char *text, size_t length)
{
        size_t columns = 0, one;

        for (size_t at = 0; at < length; columns += one)
                at += width_character(text + at, length - at, &one);
        return columns;
}

size_t width_of(const char *text)
{
        return width_of_bytes(text, strlen(text));
}

size_t width_fit_end(const char *text, size_t length, size_t columns)
{
        size_t all = width_of_bytes(text, length);
        size_t at = 0, one;

        while (at < length) {
                size_t size = width_character(text + at, length - at, &one);

                if (all <= columns && (one > 0 || at == 0)) /* a combining character goes with its base */
                        break;
                all -= one;
                at += size;
        }
        return length - at;
}

char *width_cut(const char *text, size_t columns, const char *ellipsis)
{
        size_t length = strlen(text), end = (columns - 1) / 2;
        char *cut = NULL;
        size_t first, last;

        if (width_of(text) <= columns)
                return strdup(text);
        first = width_fit(text, length, columns - 1 - end);
        last = width_fit_end(text, length, end);
        return asprintf(&cut, "%.*s%s%s", (int)first, text, ellipsis, text + length - last) < 0 ? NULL : cut;
}
