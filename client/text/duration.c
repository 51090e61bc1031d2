#include "client/text/duration.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct unit {
        const char *name;
        int64_t msec;
};

/* The largest first. */
static const struct unit units[] = {
        {"w", 7 * 24 * 60 * 60 * 1000},
        {"d", 24 * 60 * 60 * 1000},
        {"h", 60 * 60 * 1000},
        {"m", 60 * 1000},
        {"s", 1000},
        {"ms", 1},
};

/* Days are written, weeks only read. */
#define UNIT_DAYS 1

/* Of a length of time: longer than anything that is remembered, and no sum of such can overflow. */
#define MSEC_MAX (INT64_C(1000) * 365 * 24 * 60 * 60 * 1000)

#define UNITS (sizeof(units) / sizeof(units[0]))

/* The unit at *text, which is moved behind it; from: units before that one were used. UNITS if there is none.
 */
static size_t read_unit(const char **text, size_t from)
{
        size_t length = strspn(*text, "wdhms");

        /* "1m30s" has a digit behind the m, so the letters up to there are one name. */
        for (size_t i = from; i < UNITS; i++) {
                if (strlen(units[i].name) == length && strncmp(units[i].name, *text, length) == 0) {
                        *text += length;
                        return i;
                }
        }
        return UNITS;
}

bool duration_parse_long(const char *text, int64_t *duration_msec)
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
                unit = read_unit(&text, from);
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

bool duration_parse(const char *text, int *duration_msec)
{
        int64_t long_msec;

        if (!duration_parse_long(text, &long_msec) || long_msec > INT_MAX)
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
                          units[first].name);
        rest_msec %= units[first].msec;
        /* Milliseconds only count below a second. */
        if (first < UNITS - 2 && rest_msec >= units[first + 1].msec)
                snprintf(buffer + length, DURATION_TEXT_BYTES - (size_t)length, " %" PRId64 "%s",
                         rest_msec / units[first + 1].msec, units[first + 1].name);
        return buffer;
}
