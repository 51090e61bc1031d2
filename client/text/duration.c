/* SPDX-License-Identifier: ISC */
#include "client/text/duration.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define UNIT_NAMES 4

struct unit {
        const char *names[UNIT_NAMES]; /* the shortest first; the others are words, which only some may use */
        int64_t msec;
};

/* The units, from the largest to the smallest. */
static const struct unit units[] = {
        {{"w", "week", "weeks"}, 7 * 24 * 60 * 60 * 1000}, {{"d", "day", "days"}, 24 * 60 * 60 * 1000},
        {{"h", "hr", "hour", "hours"}, 60 * 60 * 1000},    {{"m", "min", "minute", "minutes"}, 60 * 1000},
        {{"s", "sec", "second", "seconds"}, 1000},         {{"ms"}, 1},
};

/* Days are written, weeks only read. */
#define UNIT_DAYS 1

/* The longest duration: longer than anything that is remembered, and the sum of two cannot overflow. */
#define MSEC_MAX (INT64_C(1000) * 365 * 24 * 60 * 60 * 1000)

#define UNITS (sizeof(units) / sizeof(units[0]))

static bool is_called(const struct unit *unit, const char *text, size_t length, bool words)
{
        for (size_t i = 0; i < (words ? UNIT_NAMES : 1) && unit->names[i]; i++) {
                if (strlen(unit->names[i]) == length && strncmp(unit->names[i], text, length) == 0)
                        return true;
        }
        return false;
}

/* Returns the unit at *text, which is moved behind it; UNITS if there is none. from: the first unit that was
 * not used yet. */
static size_t read_unit(const char **text, size_t from, bool words)
{
        size_t length;

        if (words)
                *text += **text == ' ';
        /* "1m30s" has a digit behind the m, so the letters up to there are one name. */
        length = strcspn(*text, " 0123456789");
        while (from < UNITS && !is_called(&units[from], *text, length, words))
                from++;
        *text += length;
        return from;
}

static bool parse(const char *text, bool words, int64_t *duration_msec)
{
        int64_t sum_msec = 0;
        size_t from = 0;

        do {
                int64_t number = 0;
                size_t unit;

                if (*text < '0' || *text > '9')
                        return false;
                for (; *text >= '0' && *text <= '9'; text++) {
                        number = number * 10 + (*text - '0');
                        if (number > MSEC_MAX)
                                return false;
                }
                unit = read_unit(&text, from, words);
                if (unit == UNITS || number > MSEC_MAX / units[unit].msec)
                        return false;
                sum_msec += number * units[unit].msec;
                if (sum_msec > MSEC_MAX)
                        return false;
                from = unit + 1;
                if (text[0] == ' ' && text[1] != '\0')
                        text++;
        } while (*text);
        *duration_msec = sum_msec;
        return true;
}

bool duration_parse_words(const char *text, int64_t *duration_msec)
{
        return parse(text, true, duration_msec);
}

bool duration_parse(const char *text, int *duration_msec)
{
        int64_t long_msec;

        if (!parse(text, false, &long_msec) || long_msec > INT_MAX)
                return false;
        *duration_msec = (int)long_msec;
        return true;
}

const char *duration_format(int64_t duration_msec, char *buffer)
{
        int64_t rest_msec = duration_msec < 0 ? 0 : duration_msec;
        size_t first = UNIT_DAYS;
        int length;

        while (first < UNITS - 1 && rest_msec < units[first].msec)
                first++;
        length = snprintf(buffer, DURATION_TEXT_BYTES, "%" PRId64 "%s", rest_msec / units[first].msec,
                          units[first].names[0]);
        rest_msec %= units[first].msec;
        /* Milliseconds are left out of anything over a second. */
        if (first < UNITS - 2 && rest_msec >= units[first + 1].msec)
                snprintf(buffer + length, DURATION_TEXT_BYTES - (size_t)length, " %" PRId64 "%s",
                         rest_msec / units[first + 1].msec, units[first + 1].names[0]);
        return buffer;
}
