/* SPDX-License-Identifier: ISC */
#include "client/text/digits.h"

#include <limits.h>

#include <check.h>

#include "client/text/range.h"
#include "unit.h"

START_TEST(numbers_are_digits_and_nothing_else)
{
        static const char *const refused[] = {
                "", "-1", "+1", " 1", "1 ", "1x", "0x1", "2147483648", "99999999999999999999"};
        int number = -7;

        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
                ck_assert_msg(!digits_parse(refused[i], &number), "%s", refused[i]);
                ck_assert_int_eq(number, -7);
        }
        ck_assert(digits_parse("007", &number));
        ck_assert_int_eq(number, 7);
        ck_assert(digits_parse("2147483647", &number));
        ck_assert_int_eq(number, INT_MAX);
}
END_TEST

START_TEST(patterns_are_of_digits_and_bytes)
{
        ck_assert(digits_match("14:30 and more", "dd:dd"));
        ck_assert(digits_match("anything", ""));
        ck_assert(!digits_match("14:3", "dd:dd"));
        ck_assert(!digits_match("14-30", "dd:dd"));
        ck_assert(!digits_match("", "d"));
        ck_assert_int_eq(digits_number("2026-11", 4), 2026);
        ck_assert_int_eq(digits_number("7", 0), 0);
}
END_TEST

START_TEST(ranges_have_their_ends)
{
        static const struct range ranges[] = {{5, 5}, {7, 9}, {20, 30}};
        static const unsigned in[] = {5, 7, 8, 9, 20, 25, 30}, out[] = {0, 4, 6, 10, 19, 31, 0x10ffff};

        for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
                ck_assert_msg(range_has(ranges, 3, in[i]), "%u", in[i]);
        for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
                ck_assert_msg(!range_has(ranges, 3, out[i]), "%u", out[i]);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("digits");
        TCase *tcase = tcase_create("digits");

        tcase_add_test(tcase, numbers_are_digits_and_nothing_else);
        tcase_add_test(tcase, patterns_are_of_digits_and_bytes);
        tcase_add_test(tcase, ranges_have_their_ends);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
