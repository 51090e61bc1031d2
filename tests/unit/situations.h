/* SPDX-License-Identifier: ISC */
#ifndef UNIT_SITUATIONS_H
#define UNIT_SITUATIONS_H

#include <stdbool.h>

#include "unit.h"

/*
 * Tables of a pure judgement. A situation is a text of so many characters, one a column, each of which has some values. A row is
 * for every situation that its pattern matches, * being anything; each situation that can be met has exactly one row.
 */
struct columns {
        size_t count;
        const char *const *values;
};

#define SITUATION_BYTES 32

static inline int situations_count(const struct columns *columns)
{
        int count = 1;

        for (size_t i = 0; i < columns->count; i++)
                count *= (int)strlen(columns->values[i]);
        return count;
}

/* Number `n` of them. */
static inline void situations_text(const struct columns *columns, int n, char text[SITUATION_BYTES])
{
        for (size_t i = 0; i < columns->count; i++) {
                int count = (int)strlen(columns->values[i]);

                text[i] = columns->values[i][n % count];
                n /= count;
        }
        text[columns->count] = '\0';
        ck_assert_int_eq(n, 0);
}

static inline bool situations_match(const struct columns *columns, const char *pattern, const char *text)
{
        for (size_t i = 0; i < columns->count; i++)
                if (pattern[i] != '*' && pattern[i] != text[i])
                        return false;
        return true;
}

static inline void situations_check_pattern(const struct columns *columns, const char *pattern)
{
        ck_assert_msg(strlen(pattern) == columns->count, "%s", pattern);
        for (size_t i = 0; i < columns->count; i++)
                ck_assert_msg(pattern[i] == '*' || strchr(columns->values[i], pattern[i]), "%s: column %zu", pattern, i);
}

/* Which of `count` patterns, `stride` bytes apart, is the one row of that situation. */
static inline size_t situations_row(const struct columns *columns, const void *rows, size_t stride, size_t count,
                                    const char *text)
{
        size_t row = count;

        for (size_t i = 0; i < count; i++) {
                const char *pattern = (const char *)rows + i * stride;

                if (!situations_match(columns, pattern, text))
                        continue;
                ck_assert_msg(row == count, "%s: two rows, one is %s", text, pattern);
                row = i;
        }
        ck_assert_msg(row < count, "%s: no row", text);
        return row;
}

#endif
