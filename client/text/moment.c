/* SPDX-License-Identifier: ISC */
#include "client/text/moment.h"

#include <string.h>

#include "client/text/digits.h"
#include "client/text/duration.h"

#define USEC_PER_SEC INT64_C(1000000)
#define EPOCH_DIGITS_MAX 11 /* until the year 5138 */
#define EPOCH_MAX 99999999999
#define AGO_BYTES 64
/* The beginning of 1970 in s6's stamps since 2017: daemon/edge/s6_status.c says why. */
#define TAI64_EPOCH ((UINT64_C(1) << 62) + 10 + 27)

/* A moment as it was written. */
struct written {
        struct tm broken;
        int64_t usec; /* beyond the second */
};

/* Reads the digits behind a second's point, and sets *rest to what follows; only the first six digits
 * count. */
static bool read_fraction(const char *text, int64_t *usec, const char **rest)
{
        int64_t unit_usec = USEC_PER_SEC;

        if (!digits_match(text, "d"))
                return false;
        for (*usec = 0; *text >= '0' && *text <= '9'; text++) {
                unit_usec /= 10;
                *usec += (*text - '0') * unit_usec;
        }
        *rest = text;
        return true;
}

/* Reads HH:MM, HH:MM:SS or HH:MM:SS.FRACTION, and sets *rest to what follows. */
static bool read_clock(const char *text, struct written *written, const char **rest)
{
        struct tm *broken = &written->broken;

        if (!digits_match(text, "dd:dd"))
                return false;
        broken->tm_hour = digits_number(text, 2);
        broken->tm_min = digits_number(text + 3, 2);
        broken->tm_sec = 0;
        *rest = text + 5;
        if (digits_match(*rest, ":dd")) {
                broken->tm_sec = digits_number(*rest + 1, 2);
                *rest += 3;
                if ((**rest == '.' || **rest == ',') && !read_fraction(*rest + 1, &written->usec, rest))
                        return false;
        }
        return broken->tm_hour < 24 && broken->tm_min < 60 && broken->tm_sec < 60;
}

static bool read_date(const char *text, struct tm *broken, const char **rest)
{
        if (!digits_match(text, "dddd-dd-dd"))
                return false;
        broken->tm_year = digits_number(text, 4) - 1900;
        broken->tm_mon = digits_number(text + 5, 2) - 1;
        broken->tm_mday = digits_number(text + 8, 2);
        *rest = text + 10;
        return true;
}

/* Reads a zone, Z, " UTC", +HH:MM, +HHMM or +HH, which must end the text: seconds east of UTC. */
static bool read_zone(const char *text, int *east_sec)
{
        int hours, minutes = 0;
        size_t length;

        if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0 || strcmp(text, " UTC") == 0) {
                *east_sec = 0;
                return true;
        }
        text += *text == ' '; /* stat(1) and ls(1) write a blank here */
        length = strlen(text);
        if ((*text != '+' && *text != '-') || !digits_match(text + 1, "dd"))
                return false;
        hours = digits_number(text + 1, 2);
        if (length == 6 && digits_match(text + 3, ":dd"))
                minutes = digits_number(text + 4, 2);
        else if (length == 5 && digits_match(text + 3, "dd"))
                minutes = digits_number(text + 3, 2);
        else if (length != 3)
                return false;
        *east_sec = (hours * 60 + minutes) * (*text == '-' ? -60 : 60);
        return hours < 24 && minutes < 60;
}

/* Works out the moment. zone: for read_zone(), or "" for local time. */
static bool finish(struct written *written, const char *zone, int64_t *moment_usec)
{
        struct tm *broken = &written->broken;
        struct tm wanted = *broken;
        int east_sec = 0;
        time_t seconds;

        if (*zone && !read_zone(zone, &east_sec))
                return false;
        broken->tm_isdst = -1;
        seconds = *zone ? timegm(broken) - east_sec : mktime(broken);
        /* A day that the month does not have, like a 31st of February, was moved into the next month. */
        if (broken->tm_mday != wanted.tm_mday || broken->tm_mon != wanted.tm_mon)
                return false;
        *moment_usec = (int64_t)seconds * USEC_PER_SEC + written->usec;
        return true;
}

/* Returns in *moment_usec when a day began: that of `now`, or one that was `days` days before. */
static bool read_day(time_t now, int days, int64_t *moment_usec)
{
        struct tm broken;

        if (!localtime_r(&now, &broken))
                return false;
        broken.tm_mday -= days;
        broken.tm_hour = broken.tm_min = broken.tm_sec = 0;
        broken.tm_isdst = -1;
        *moment_usec = (int64_t)mktime(&broken) * USEC_PER_SEC;
        return true;
}

/* Reads a time of today, or of yesterday if today's is still to come. */
static bool read_clock_only(const char *text, time_t now, int64_t *moment_usec)
{
        struct written written = {.usec = 0};
        const char *rest;
        int64_t today_usec;

        if (!localtime_r(&now, &written.broken) || !read_clock(text, &written, &rest) || *rest ||
            !finish(&written, "", &today_usec))
                return false;
        if (today_usec > (int64_t)now * USEC_PER_SEC) {
                written.broken.tm_mday--;
                written.broken.tm_isdst = -1;
                today_usec = (int64_t)mktime(&written.broken) * USEC_PER_SEC + written.usec;
        }
        *moment_usec = today_usec;
        return true;
}

/* Reads seconds since 1970, which stand behind an @. */
static bool read_epoch(const char *text, int64_t *moment_usec)
{
        size_t digits = strspn(text, "0123456789");
        const char *rest = text + digits;
        int64_t seconds = 0, usec = 0;

        if (digits == 0 || digits > EPOCH_DIGITS_MAX)
                return false;
        while (text < rest)
                seconds = seconds * 10 + (*text++ - '0');
        if (*rest == '.' && !read_fraction(rest + 1, &usec, &rest))
                return false;
        if (*rest)
                return false;
        *moment_usec = seconds * USEC_PER_SEC + usec;
        return true;
}

/* Reads "10m", "10m ago" or "2 hours ago": that long before `now`. */
static bool read_ago(const char *text, time_t now, int64_t *moment_usec)
{
        static const char ago[] = " ago";
        char words[AGO_BYTES];
        size_t length = strlen(text);
        int64_t msec;

        if (length >= sizeof(words))
                return false;
        strcpy(words, text);
        if (length > sizeof(ago) - 1 && strcmp(words + length - (sizeof(ago) - 1), ago) == 0)
                words[length - (sizeof(ago) - 1)] = '\0';
        if (!duration_parse_words(words, &msec))
                return false;
        *moment_usec = (int64_t)now * USEC_PER_SEC - msec * 1000;
        return true;
}

static int hex_digit(char byte)
{
        if (byte >= '0' && byte <= '9')
                return byte - '0';
        return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

bool moment_read_tai64n(const char *digits, int64_t *moment_usec, int *nsec)
{
        uint64_t seconds = 0;
        int64_t behind_nsec = 0;

        for (size_t i = 0; i < MOMENT_TAI64N_DIGITS; i++) {
                int digit = hex_digit(digits[i]);

                if (digit < 0)
                        return false;
                if (i < 16)
                        seconds = seconds << 4 | (uint64_t)digit;
                else
                        behind_nsec = behind_nsec << 4 | digit;
        }
        if (seconds < TAI64_EPOCH || seconds - TAI64_EPOCH > EPOCH_MAX || behind_nsec >= USEC_PER_SEC * 1000)
                return false;
        *moment_usec = (int64_t)(seconds - TAI64_EPOCH) * USEC_PER_SEC + behind_nsec / 1000;
        *nsec = (int)(behind_nsec % 1000);
        return true;
}

/* Reads s6's stamp behind an @, alone or as in the names of a log's files, which end in .s or .u. */
static bool read_tai64n(const char *text, int64_t *moment_usec)
{
        int64_t usec;
        int nsec;

        if (!moment_read_tai64n(text, &usec, &nsec))
                return false;
        text += MOMENT_TAI64N_DIGITS;
        if (*text && strcmp(text, ".s") != 0 && strcmp(text, ".u") != 0)
                return false;
        *moment_usec = usec;
        return true;
}

/* Returns what follows the name of a day of the week, which systemctl(1) and others write before a date. */
static const char *behind_weekday(const char *text)
{
        static const char *const days[] = {"Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "};

        for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++)
                if (strncmp(text, days[i], strlen(days[i])) == 0)
                        return text + strlen(days[i]);
        return text;
}

bool moment_parse(const char *text, time_t now, int64_t *moment_usec)
{
        struct written written = {.usec = 0};
        const char *rest;

        if (read_ago(text, now, moment_usec))
                return true;
        if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0)
                return read_day(now, *text == 'y' ? 1 : 0, moment_usec);
        if (*text == '@')
                return read_epoch(text + 1, moment_usec) || read_tai64n(text + 1, moment_usec);
        if (!read_date(behind_weekday(text), &written.broken, &rest))
                return read_clock_only(text, now, moment_usec);
        if (*rest == ' ' || *rest == 'T') {
                if (!read_clock(rest + 1, &written, &rest))
                        return false;
        }
        return finish(&written, rest, moment_usec);
}
