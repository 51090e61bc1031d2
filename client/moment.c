#include "client/moment.h"

#include <string.h>

#include "client/duration.h"

#define USEC_PER_SEC INT64_C(1000000)

/* A pattern of digits (d) and of bytes that stand for themselves. The fields' digits, one after another. */
static bool matches(const char *text, const char *pattern)
{
        for (; *pattern; pattern++, text++) {
                if (*pattern == 'd' ? *text < '0' || *text > '9' : *text != *pattern)
                        return false;
        }
        return true;
}

static int two_digits(const char *text)
{
        return (text[0] - '0') * 10 + text[1] - '0';
}

/* HH:MM or HH:MM:SS, and what is behind it in *rest. */
static bool read_clock(const char *text, struct tm *broken, const char **rest)
{
        if (!matches(text, "dd:dd"))
                return false;
        broken->tm_hour = two_digits(text);
        broken->tm_min = two_digits(text + 3);
        broken->tm_sec = 0;
        *rest = text + 5;
        if (matches(*rest, ":dd")) {
                broken->tm_sec = two_digits(*rest + 1);
                *rest += 3;
        }
        return broken->tm_hour < 24 && broken->tm_min < 60 && broken->tm_sec < 60;
}

static bool read_date(const char *text, struct tm *broken, const char **rest)
{
        if (!matches(text, "dddd-dd-dd"))
                return false;
        broken->tm_year = two_digits(text) * 100 + two_digits(text + 2) - 1900;
        broken->tm_mon = two_digits(text + 5) - 1;
        broken->tm_mday = two_digits(text + 8);
        *rest = text + 10;
        return true;
}

static bool finish(struct tm *broken, bool utc, int64_t *moment_usec)
{
        struct tm wanted = *broken;
        time_t seconds;

        broken->tm_isdst = -1;
        seconds = utc ? timegm(broken) : mktime(broken);
        /* A 31st of February was moved into March. */
        if (broken->tm_mday != wanted.tm_mday || broken->tm_mon != wanted.tm_mon)
                return false;
        *moment_usec = (int64_t)seconds * USEC_PER_SEC;
        return true;
}

bool moment_parse(const char *text, time_t now, int64_t *moment_usec)
{
        struct tm broken = {0};
        const char *rest;
        bool utc;
        int ago_msec;

        if (duration_parse(text, &ago_msec)) {
                *moment_usec = (int64_t)now * USEC_PER_SEC - (int64_t)ago_msec * 1000;
                return true;
        }
        if (!read_date(text, &broken, &rest)) {
                if (!localtime_r(&now, &broken) || !read_clock(text, &broken, &rest) || *rest ||
                    !finish(&broken, false, moment_usec))
                        return false;
                if (*moment_usec > (int64_t)now * USEC_PER_SEC) {
                        broken.tm_mday--;
                        broken.tm_isdst = -1;
                        *moment_usec = (int64_t)mktime(&broken) * USEC_PER_SEC;
                }
                return true;
        }
        if (*rest && ((*rest != ' ' && *rest != 'T') || !read_clock(rest + 1, &broken, &rest)))
                return false;
        utc = strcmp(rest, "Z") == 0;
        return (utc || !*rest) && finish(&broken, utc, moment_usec);
}
