/* SPDX-License-Identifier: ISC */
#include "client/log/logline.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>

#include "client/text/printable.h"
#include "unit.h"

#define AT INT64_C(1795344605123456) /* 2026-11-22 11:50:05.123456 +01:00 */

static struct logline parse(const char *text)
{
        struct logline_clock clock;
        struct logline line;

        logline_clock_init(&clock);
        logline_parse(&clock, text, strlen(text), &line);
        return line;
}

static void use_zone(const char *zone)
{
        if (zone)
                setenv("TZ", zone, 1);
        else
                unsetenv("TZ");
        tzset();
}

START_TEST(stamps_are_the_machines)
{
        /* Which zone that is, is this machine's business; that of the caller changes nothing but what is
         * shown. */
        static const char text[] = "2026-11-22 11:50:05.123456789  text  of it";
        struct logline line;
        int64_t machine_usec;
        char stamp[LOGLINE_STAMP_BYTES];

        use_zone(NULL);
        line = parse(text);
        machine_usec = line.at_usec;
        ck_assert_str_eq(line.text, "text  of it");
        ck_assert_uint_eq(line.length, strlen("text  of it"));
        ck_assert_int_eq(machine_usec % 60000000, AT % 60000000);
        ck_assert_str_eq(logline_stamp(&line, stamp), "2026-11-22 11:50:05");

        use_zone("XYZ-1:07");
        line = parse(text);
        ck_assert_int_eq(line.at_usec, machine_usec);
        ck_assert_str_ne(logline_stamp(&line, stamp), "2026-11-22 11:50:05");
        ck_assert_str_eq(getenv("TZ"), "XYZ-1:07");
        use_zone(NULL);
}
END_TEST

static const char *const unstamped[] = {
        "",
        "text",
        "2026-11-22 11:50:05.123456789 text",
        "2026-11-22 11:50:05.12345678  text",
        "2026-11-22T11:50:05.123456789  text",
        "2026-11-22 11:50:05.123456789 ",
        "@400000006565656500000000",
        "@40000000656565650000000 text",
        "@400000006565656500000000text",
        "@40000000656565653b9aca00 text", /* a whole second behind the second */
        "@000000000000000000000000 text",
        "@40000000656565650000000G text",
};

START_TEST(what_has_no_stamp_is_all_text)
{
        struct logline line = parse(unstamped[_i]);
        char stamp[LOGLINE_STAMP_BYTES];

        ck_assert_int_eq(line.at_usec, -1);
        ck_assert_ptr_eq(line.text, unstamped[_i]);
        ck_assert_uint_eq(line.length, strlen(unstamped[_i]));
        ck_assert_str_eq(logline_stamp(&line, stamp), "");
}
END_TEST

/* s6-log's t; it is what `date -d @1795344605` says, 37 s ahead. */
START_TEST(stamps_may_be_tai64n)
{
        struct logline line = parse("@400000006b02c902075bcd15 text  of it");

        ck_assert_int_eq(line.at_usec, AT);
        ck_assert_int_eq(line.at_nsec, 789);
        ck_assert_str_eq(line.text, "text  of it");
}
END_TEST

START_TEST(a_clock_is_kept_over_lines)
{
        static const char *const texts[] = {
                "2026-11-22 11:50:05.123456789  a", "2026-11-22 11:50:59.000000000  b",
                "2026-11-22 11:51:00.000001999  c", "2026-11-22 11:50:05.000000000  d"};
        static const int64_t after_usec[] = {0, 53876544, 54876545, -123456};
        struct logline_clock clock;
        struct logline line;
        int64_t first_usec = 0;

        logline_clock_init(&clock);
        for (size_t i = 0; i < 4; i++) {
                logline_parse(&clock, texts[i], strlen(texts[i]), &line);
                first_usec = i == 0 ? line.at_usec : first_usec;
                ck_assert_int_eq(line.at_usec - first_usec, after_usec[i]);
        }
}
END_TEST

static const struct {
        const char *text, *printed, *utf8, *bytes; /* utf8: NULL where that is the same */
} printed[] = {
        {"", "", NULL, ""},
        {"a\\b\tc", "a\\\\b\tc", NULL, "a\\b\tc"},
        {"\x1b[31mred\x1b[0;1;38;5;200m x\x1b[m", "red x", NULL, "red x"},
        {"\x1b[31", "\\x1b[31", NULL, "\\x1b[31"},
        {"\x1b[", "\\x1b[", NULL, "\\x1b["},
        {"\x1b", "\\x1b", NULL, "\\x1b"},
        {"\x1b[2J\x1b]0;t\a\r\x7f", "\\x1b[2J\\x1b]0;t\\x07\\x0d\\x7f", NULL,
         "\\x1b[2J\\x1b]0;t\\x07\\x0d\\x7f"},
        {"\x1b[?1m", "\\x1b[?1m", NULL, "\\x1b[?1m"},
        /* What is left is no sequence: its ESC is written out. */
        {"\x1b[\x1b[1m31m", "\\x1b[31m", NULL, "\\x1b[31m"},
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m", NULL, "\\xc2\\x9b31m"},
        /* What is left, and was none with the colour in it, is a control character. */
        {"\xc2\x1b[1m\x9b"
         "31m",
         "\\xc2\\x9b31m", NULL, "\\xc2\\x9b31m"},
        {"\xe2\x1b[m\x80\x1b[0m\xae", "\\xe2\\x80\\xae", NULL, "\\xe2\\x80\\xae"},
        {"na\xc3\xafve", "na\\xc3\\xafve", "na\xc3\xafve", "na\xc3\xafve"},
        {"\xe4\xbd\xa0 \xf0\x9f\x99\x82", "\\xe4\\xbd\\xa0 \\xf0\\x9f\\x99\\x82",
         "\xe4\xbd\xa0 \xf0\x9f\x99\x82", "\xe4\xbd\xa0 \xf0\x9f\x99\x82"},
        {"\xe4\xbd", "\\xe4\\xbd", NULL, "\xe4\xbd"},    /* cut off */
        {"\xe9t\xe9", "\\xe9t\\xe9", NULL, "\xe9t\xe9"}, /* Latin 1 */
        /* Not the shortest form; a surrogate. */
        {"\xc0\xaf\xed\xa0\x80", "\\xc0\\xaf\\xed\\xa0\\x80", NULL, "\xc0\xaf\xed\xa0\x80"},
        {"\xe2\x80\xae", "\\xe2\\x80\\xae", NULL, "\\xe2\\x80\\xae"}, /* right to left from here on */
        {"\xef\xbb\xbf", "\\xef\\xbb\\xbf", NULL, "\xef\xbb\xbf"},    /* nothing to see */
        {"\xf3\xa0\x81\xa1", "\\xf3\\xa0\\x81\\xa1", NULL, "\xf3\xa0\x81\xa1"}, /* neither here */
};

START_TEST(only_text_is_printed)
{
        const char *text = printed[_i].text;
        char *ascii = printable_line(text, strlen(text), PRINTABLE_ASCII);
        char *utf8 = printable_line(text, strlen(text), PRINTABLE_UTF8);
        char *bytes = printable_line(text, strlen(text), PRINTABLE_BYTES);

        ck_assert_str_eq(ascii, printed[_i].printed);
        ck_assert_str_eq(utf8, printed[_i].utf8 ? printed[_i].utf8 : printed[_i].printed);
        ck_assert_str_eq(bytes, printed[_i].bytes);
        free(ascii);
        free(utf8);
        free(bytes);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("logline");
        TCase *tcase = tcase_create("logline");

        tcase_add_test(tcase, stamps_are_the_machines);
        tcase_add_loop_test(tcase, what_has_no_stamp_is_all_text, 0,
                            sizeof(unstamped) / sizeof(unstamped[0]));
        tcase_add_test(tcase, stamps_may_be_tai64n);
        tcase_add_test(tcase, a_clock_is_kept_over_lines);
        tcase_add_loop_test(tcase, only_text_is_printed, 0, sizeof(printed) / sizeof(printed[0]));
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
