/* SPDX-License-Identifier: ISC */
#include "client/text/duration.h"

#include <limits.h>
#include <stdlib.h>

#include <check.h>

#include "unit.h"

static const struct {
        const char *text;
        int msec;
} good[] = {
        {"0s", 0},
        {"500ms", 500},
        {"30s", 30000},
        {"2m", 120000},
        {"1h", 3600000},
        {"1d", 86400000},
        {"1m30s", 90000},
        {"3h 12m", 11520000},
        {"1s500ms", 1500},
        {"1d 1h 1m 1s 1ms", 90061001},
        {"2147483647ms", INT_MAX},
        {"007s", 7000},
        {"3w", 1814400000},
        {"1w 1d", 691200000},
};

static const char *const bad[] = {
        "",
        " ",
        "s",
        "30",
        "30 s",
        " 30s",
        "30s ",
        "-1s",
        "+1s",
        "1.5s",
        "30S",
        "30sec",
        "1s1s",
        "1s 1m",
        "1ms1s",
        "1h  2m",
        "2147483648ms",
        "25d",
        "4w",
        "1d 1w",
        "99999999999999999999s",
        "18446744073709551617s",
        "3hm",
        "1 ",
        "1m30",
        "1\xc2\xa0s",
        "0x10s",
};

START_TEST(reads_what_people_write)
{
        int msec = -7;

        ck_assert(duration_parse(good[_i].text, &msec));
        ck_assert_int_eq(msec, good[_i].msec);
}
END_TEST

START_TEST(refuses_the_rest_and_touches_nothing)
{
        int msec = -7;

        ck_assert_msg(!duration_parse(bad[_i], &msec), "'%s' gave %d", bad[_i], msec);
        ck_assert_int_eq(msec, -7);
}
END_TEST

static const struct {
        int64_t msec;
        const char *text;
} shown[] = {
        {-5, "0ms"},
        {0, "0ms"},
        {999, "999ms"},
        {1000, "1s"},
        {1999, "1s"},
        {59999, "59s"},
        {60000, "1m"},
        {61000, "1m 1s"},
        {11520000, "3h 12m"},
        {3600000 + 59000, "1h"},
        {86400000LL * 3 + 3600000 * 4 + 60000, "3d 4h"},
        {INT64_MAX, "106751991167d 7h"},
};

START_TEST(shows_two_units)
{
        char buffer[DURATION_TEXT_BYTES];

        ck_assert_str_eq(duration_format(shown[_i].msec, buffer), shown[_i].text);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("duration");
        TCase *tcase = tcase_create("duration");

        tcase_add_loop_test(tcase, reads_what_people_write, 0, sizeof(good) / sizeof(good[0]));
        tcase_add_loop_test(tcase, refuses_the_rest_and_touches_nothing, 0, sizeof(bad) / sizeof(bad[0]));
        tcase_add_loop_test(tcase, shows_two_units, 0, sizeof(shown) / sizeof(shown[0]));
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
