/* SPDX-License-Identifier: ISC */
#include "client/text/moment.h"

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <check.h>

#include "unit.h"

#define NOW INT64_C(1795344600) /* 2026-11-22 11:50:00 +01:00, a Sunday */

static const struct {
        const char *text;
        int64_t seconds;
} good[] = {
        {"0s", NOW},
        {"10m", NOW - 600},
        {"1h30m", NOW - 5400},
        {"7d", NOW - 604800},
        {"11:50", NOW},
        {"11:49:59", NOW - 1},
        {"11:51", NOW + 60 - 86400},
        {"00:00", NOW - 11 * 3600 - 50 * 60},
        {"2026-11-22", NOW - 11 * 3600 - 50 * 60},
        {"2026-11-22 11:50", NOW},
        {"2026-11-22T11:50:30", NOW + 30},
        {"2026-11-22T10:50:30Z", NOW + 30},
        {"2026-11-22 10:50Z", NOW},
        {"2026-07-01 12:00", 1782900000}, /* summer time */
        {"2024-02-29", 1709161200},
        {"10m ago", NOW - 600},
        {"1h 30m ago", NOW - 5400},
        {"2 hours ago", NOW - 7200},
        {"1 hour", NOW - 3600},
        {"90min", NOW - 5400},
        {"2days", NOW - 2 * 86400},
        {"1 day 3 hr", NOW - 86400 - 3 * 3600},
        {"1 week 2 minutes 5 sec ago", NOW - 604800 - 125},
        {"2026-11-22 10:50:00 UTC", NOW},
        {"@400000006a018c7d00000000", 1778486360},
        {"@400000006a018c7d00000000.s", 1778486360},
        {"1w", NOW - 604800},
        {"2w 1d", NOW - 15 * 86400},
        {"30d", NOW - 30 * 86400},
        {"520w", NOW - 520 * INT64_C(604800)},
        {"today", NOW - 11 * 3600 - 50 * 60},
        {"yesterday", NOW - 11 * 3600 - 50 * 60 - 86400},
        {"@0", 0},
        {"@1795344600", NOW},
        {"2026-11-22T11:50:30+01:00", NOW + 30},
        {"2026-11-22T11:50:30+0100", NOW + 30},
        {"2026-11-22T11:50:30+01", NOW + 30},
        {"2026-11-22 16:20:30+05:30", NOW + 30},
        {"2026-11-22T04:50:00-06:00", NOW},
        {"2026-11-22T10:50:00-00:00", NOW},
        {"2026-11-23T00:50:00+14:00", NOW},
        {"2026-11-22T10:50z", NOW},
        {"2026-11-22 11:50:00 +0100", NOW},
        {"Sun 2026-11-22 10:50:00 UTC", NOW},
        {"Sun 2026-11-22", NOW - 11 * 3600 - 50 * 60},
        {"2026-07-01T12:00:00+02:00", 1782900000},
};

static const struct {
        const char *text;
        int64_t usec; /* behind NOW */
} fractions[] = {
        {"2026-11-22 11:50:00.123456789", 123456}, /* the log's own stamp */
        {"2026-11-22T10:50:00.123456789Z", 123456},
        {"2026-11-22T10:50:00,5Z", 500000},
        {"2026-11-22 11:50:00.000000001 +0100", 0},
        {"2026-11-22T11:50:01.1+01:00", 1100000},
        {"11:49:59.25", -750000},
        {"@1795344600.000001", 1},
        {"@1795344600.1234567891", 123456},
};

START_TEST(reads_fractions)
{
        int64_t usec = 0;

        ck_assert_msg(moment_parse(fractions[_i].text, NOW, &usec), "%s", fractions[_i].text);
        ck_assert_int_eq(usec, NOW * 1000000 + fractions[_i].usec);
}
END_TEST

START_TEST(reads_what_people_write)
{
        int64_t usec = 0;

        ck_assert_msg(moment_parse(good[_i].text, NOW, &usec), "%s", good[_i].text);
        ck_assert_int_eq(usec, good[_i].seconds * 1000000);
}
END_TEST

static const char *const bad[] = {
        "",
        "now",
        "10",
        "24:00",
        "11:60",
        "11:50:60",
        "11:50x",
        "1:50",
        "2026-11",
        "2026-11-2",
        "2026-02-30",
        "2026-13-01",
        "2026-00-01",
        "2026-11-22 ",
        "2026-11-22 11",
        "2026-11-22Z ",
        "2026-11-22_11:50",
        "-5m",
        "2026-11-22 11:50 Z",
        "Sun",
        "Sun 11:50",
        "Son 2026-11-22",
        "11:50Z",
        "@",
        "@x",
        "@-1",
        "@1795344600.",
        "@1795344600Z",
        "@179534460000",
        "2026-11-22T11:50:30+1:00",
        "2026-11-22T11:50:30+01:0",
        "2026-11-22T11:50:30+01:60",
        "2026-11-22T11:50:30+24:00",
        "2026-11-22T11:50:30+",
        "2026-11-22T11:50:30.Z",
        "2026-11-22T11:50:30.",
        "2026-11-22T11:50.5Z",
        "2026-11-22T11:50:30  +01:00",
        "2026-11-22T11:50:30ZZ",
        "todays",
        "tomorrow",
        "Today",
        "1001y",
        "99999999999999999999w",
};

START_TEST(refuses_the_rest_and_touches_nothing)
{
        int64_t usec = 42;

        ck_assert_msg(!moment_parse(bad[_i], NOW, &usec), "%s", bad[_i]);
        ck_assert_int_eq(usec, 42);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("moment");
        TCase *tcase = tcase_create("moment");

        /* By its rules rather than its name, so that no zone files are needed. */
        setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
        tzset();
        tcase_add_loop_test(tcase, reads_fractions, 0, sizeof(fractions) / sizeof(fractions[0]));
        tcase_add_loop_test(tcase, reads_what_people_write, 0, sizeof(good) / sizeof(good[0]));
        tcase_add_loop_test(tcase, refuses_the_rest_and_touches_nothing, 0, sizeof(bad) / sizeof(bad[0]));
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
