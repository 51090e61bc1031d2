/* SPDX-License-Identifier: ISC */
#include "client/log/logline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/text/digits.h"
#include "client/text/moment.h"

#define USEC_PER_SEC INT64_C(1000000)

void logline_clock_init(struct logline_clock *clock)
{
        const char *zone = getenv("TZ");

        *clock = (struct logline_clock){.other_zone = zone && *zone, .minute_usec = -1};
        tzset();
}

/* Returns when a minute of the machine's local time was. The process has one thread, so its TZ may be taken
 * away for a moment. */
static int64_t minute_usec(bool other_zone, const char *minute)
{
        struct tm broken = {.tm_year = digits_number(minute, 4) - 1900,
                            .tm_mon = digits_number(minute + 5, 2) - 1,
                            .tm_mday = digits_number(minute + 8, 2),
                            .tm_hour = digits_number(minute + 11, 2),
                            .tm_min = digits_number(minute + 14, 2),
                            .tm_isdst = -1};
        const char *given = other_zone ? getenv("TZ") : NULL;
        char *zone = given ? strdup(given) : NULL;
        int64_t seconds;

        if (zone)
                unsetenv("TZ");
        seconds = mktime(&broken);
        if (zone) {
                setenv("TZ", zone, 1);
                tzset();
        }
        free(zone);
        return seconds * USEC_PER_SEC;
}

/* Takes a stamp of t off the line: "@", digits and a blank. */
static bool parse_tai64n(struct logline *parsed)
{
        const size_t stamp_length = 1 + MOMENT_TAI64N_DIGITS + 1;

        if (parsed->length < stamp_length || parsed->text[0] != '@' ||
            parsed->text[stamp_length - 1] != ' ' ||
            !moment_read_tai64n(parsed->text + 1, &parsed->at_usec, &parsed->at_nsec))
                return false;
        parsed->text += stamp_length;
        parsed->length -= stamp_length;
        return true;
}

void logline_parse(struct logline_clock *clock, const char *line, size_t length, struct logline *parsed)
{
        static const char pattern[] = "dddd-dd-dd dd:dd:dd.ddddddddd  ";
        const size_t stamp_length = sizeof(pattern) - 1;

        *parsed = (struct logline){.at_usec = -1, .text = line, .length = length};
        if (parse_tai64n(parsed) || length < stamp_length || !digits_match(line, pattern))
                return;
        if (clock->minute_usec < 0 || memcmp(clock->minute, line, sizeof(clock->minute) - 1) != 0) {
                memcpy(clock->minute, line, sizeof(clock->minute) - 1);
                clock->minute_usec = minute_usec(clock->other_zone, line);
        }
        if (clock->minute_usec < 0)
                return;
        parsed->at_usec =
                clock->minute_usec + digits_number(line + 17, 2) * USEC_PER_SEC + digits_number(line + 20, 6);
        parsed->at_nsec = digits_number(line + 26, 3);
        parsed->text = line + stamp_length;
        parsed->length = length - stamp_length;
}

const char *logline_stamp(const struct logline *line, char *buffer)
{
        time_t seconds = (time_t)(line->at_usec / USEC_PER_SEC);
        struct tm local;

        if (line->at_usec < 0 || !localtime_r(&seconds, &local) ||
            strftime(buffer, LOGLINE_STAMP_BYTES, "%F %T", &local) == 0)
                buffer[0] = '\0';
        return buffer;
}
