/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <string.h>

#include "proto/utf8.h"

/* By the table of RFC 3629, without a bound. */
static size_t encode(uint32_t code_point, char *bytes)
{
        if (code_point < 0x80) {
                bytes[0] = (char)code_point;
                return 1;
        }
        if (code_point < 0x800) {
                bytes[0] = (char)(0xc0 | code_point >> 6);
                bytes[1] = (char)(0x80 | (code_point & 0x3f));
                return 2;
        }
        if (code_point < 0x10000) {
                bytes[0] = (char)(0xe0 | code_point >> 12);
                bytes[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
                bytes[2] = (char)(0x80 | (code_point & 0x3f));
                return 3;
        }
        bytes[0] = (char)(0xf0 | code_point >> 18);
        bytes[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
        bytes[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
        bytes[3] = (char)(0x80 | (code_point & 0x3f));
        return 4;
}

START_TEST(every_code_point)
{
        unsigned refused = 0;

        for (uint32_t code_point = 0; code_point <= 0x1fffff; code_point++) {
                char bytes[4];
                size_t length = encode(code_point, bytes);
                size_t expected = utf8_code_point_ok(code_point) ? length : 0;

                refused += code_point <= 0x10ffff && expected == 0;
                if (utf8_length(bytes, length) != expected || utf8_size(code_point) != length)
                        ck_abort_msg("U+%04X", (unsigned)code_point);
        }
        ck_assert_uint_eq(refused,
                          2048 + 32 + 2 * 17); /* surrogates, U+FDD0 and on, the last two of each plane */
        ck_assert(!utf8_code_point_ok(0x110000));
        ck_assert(!utf8_code_point_ok(UINT32_MAX));
}
END_TEST

/* The missing byte lies there, and is none of ours. */
START_TEST(stays_within_the_length)
{
        ck_assert_uint_eq(utf8_length("\xc3\xa9", 1), 0);
        ck_assert_uint_eq(utf8_length("\xe2\x82\xac", 2), 0);
        ck_assert_uint_eq(utf8_length("\xe2\x82\xac", 1), 0);
        ck_assert_uint_eq(utf8_length("\xf0\x9f\x98\x80", 3), 0);
        ck_assert_uint_eq(utf8_length("\xf0\x9f\x98\x80", 4), 4);
        ck_assert_uint_eq(utf8_length("\xf0\x9f\x98\x80", 9), 4);
}
END_TEST

START_TEST(every_pair_of_bytes)
{
        for (unsigned first = 0; first < 256; first++) {
                for (unsigned second = 0; second < 256; second++) {
                        char bytes[] = {(char)first, (char)second};
                        bool two = first >= 0xc2 && first <= 0xdf && second >= 0x80 && second <= 0xbf;

                        ck_assert_uint_eq(utf8_length(bytes, 2), first < 0x80 ? 1u : two ? 2u : 0u);
                }
        }
}
END_TEST

START_TEST(what_is_no_character_is_not_read)
{
        static const char *const bad[] = {
                "\xed\xa0\x80",     "\xc0\x80",         "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
                "\xf4\x90\x80\x80", "\xf8\x88\x80\x80", "\xff",         "\x80"};
        uint32_t code_point = 42;

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                ck_assert_uint_eq(utf8_decode(bad[i], strlen(bad[i]), &code_point), 0);
        ck_assert_uint_eq(code_point, 42);
        ck_assert_uint_eq(utf8_decode("\xf0\x9f\x98\x80", 4, &code_point), 4);
        ck_assert_uint_eq(code_point, 0x1f600);
}
END_TEST

/* Of each length in bytes, cut everywhere, behind something and at the begin. */
START_TEST(cuts_between_characters)
{
        static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"
                                   "b";
        static const size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};

        for (size_t length = 0; length < sizeof(text); length++) {
                char copy[sizeof(text)];

                ck_assert_uint_eq(utf8_cut(text, length), ends[length]);
                memcpy(copy, text, length);
                copy[length] = '\0';
                utf8_end(copy);
                ck_assert_uint_eq(strlen(copy), ends[length]);
                ck_assert_uint_eq(utf8_skip(text + length, sizeof(text) - 1 - length) + length,
                                  length == 2                 ? 3
                                  : length == 4               ? 6
                                  : length == 5               ? 6
                                  : length > 6 && length < 10 ? 10
                                                              : length);
        }
        /* What is no text is not eaten. */
        ck_assert_uint_eq(utf8_cut("\x80\x80\x80\x80\x80", 5), 5);
        ck_assert_uint_eq(utf8_cut("\xff\xff", 2), 2);
        ck_assert_uint_eq(utf8_skip("\x80\x80\x80\x80\x80", 5), 3);
        ck_assert_uint_eq(utf8_skip("", 0), 0);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {every_code_point, stays_within_the_length, every_pair_of_bytes,
                                what_is_no_character_is_not_read, cuts_between_characters};

        return unit_run(unit_suite_of("proto_utf8", tests));
}
