/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdint.h>

#include "proto/text.h"

static void text_is(const struct text *text, const char *expected)
{
        ck_assert(!text->failed);
        ck_assert_uint_eq(text->length, strlen(expected));
        ck_assert_mem_eq(text->bytes, expected, text->length);
}

static void json_string_is(const char *string, const char *expected)
{
        struct text text;

        text_init(&text);
        text_append_json_string(&text, string);
        text_is(&text, expected);
        text_deinit(&text);
}

START_TEST(starts_without_memory)
{
        struct text text;

        text_init(&text);
        ck_assert_ptr_null(text.bytes);
        ck_assert_uint_eq(text.length, 0);
        text_append(&text, "", 0);
        ck_assert_ptr_null(text.bytes);
        ck_assert(!text.failed);
        text_deinit(&text);
}
END_TEST

START_TEST(appends_across_growth)
{
        struct text text;

        text_init(&text);
        for (int i = 0; i < 10000; i++)
                text_append(&text, "0123456789", 10);
        ck_assert_uint_eq(text.length, 100000);
        ck_assert_uint_ge(text.capacity, text.length);
        for (size_t i = 0; i < text.length; i++)
                ck_assert_int_eq(text.bytes[i], '0' + (int)(i % 10));
        text_deinit(&text);
        ck_assert_ptr_null(text.bytes);
}
END_TEST

START_TEST(keeps_nul_bytes)
{
        struct text text;

        text_init(&text);
        text_append(&text, "a\0b", 3);
        ck_assert_uint_eq(text.length, 3);
        ck_assert_mem_eq(text.bytes, "a\0b", 3);
        text_deinit(&text);
}
END_TEST

START_TEST(clear_keeps_the_memory)
{
        struct text text;
        size_t capacity;

        text_init(&text);
        text_append_string(&text, "something");
        capacity = text.capacity;
        text_clear(&text);
        ck_assert_uint_eq(text.length, 0);
        ck_assert_uint_eq(text.capacity, capacity);
        text_append_string(&text, "other");
        text_is(&text, "other");
        text_deinit(&text);
}
END_TEST

START_TEST(integers)
{
        struct text text;

        text_init(&text);
        text_append_int(&text, 0);
        text_append_string(&text, " ");
        text_append_int(&text, INT64_MAX);
        text_append_string(&text, " ");
        text_append_int(&text, INT64_MIN);
        text_is(&text, "0 9223372036854775807 -9223372036854775808");
        text_deinit(&text);
}
END_TEST

START_TEST(failure_is_remembered_and_keeps_what_was_there)
{
        struct text text;

        text_init(&text);
        text_append_string(&text, "before");
        text_append(&text, "x", SIZE_MAX / 2); /* refused before a byte of it is read */
        ck_assert(text.failed);
        text_append_string(&text, "after");
        ck_assert(text.failed);
        ck_assert_uint_eq(text.length, 6);
        ck_assert_mem_eq(text.bytes, "before", 6);
        text_clear(&text);
        ck_assert(!text.failed);
        text_append_string(&text, "again");
        text_is(&text, "again");
        text_deinit(&text);
}
END_TEST

START_TEST(json_strings)
{
        json_string_is("", "\"\"");
        json_string_is("plain", "\"plain\"");
        json_string_is("a\"b\\c", "\"a\\\"b\\\\c\"");
        json_string_is("\"", "\"\\\"\"");
        json_string_is("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"");
        json_string_is("\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"");
        json_string_is("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
        json_string_is("/", "\"/\"");
}
END_TEST

START_TEST(json_strings_of_bad_bytes)
{
        json_string_is("caf\xe9", "\"caf\\ufffd\"");
        json_string_is("a\xff"
                       "b",
                       "\"a\\ufffdb\"");
        json_string_is("\xc0\xaf", "\"\\ufffd\\ufffd\"");
        json_string_is("\xed\xa0\x80x", "\"\\ufffd\\ufffd\\ufffdx\"");
        json_string_is("cut \xe2\x82", "\"cut \\ufffd\\ufffd\"");
        json_string_is("\xef\xbf\xbf", "\"\\ufffd\\ufffd\\ufffd\"");
}
END_TEST

START_TEST(members)
{
        static const char expected[] =
                "{\"a\":\"}{\",\"b\":-1,\"c\":{\"d\":true,\"e\":false},\"f\":\"{\",\"g\":0}";
        struct text text;

        text_init(&text);
        text_append_string(&text, "{");
        text_append_member_string(&text, "a", "}{");
        text_append_member_int(&text, "b", -1);
        text_append_member(&text, "c");
        text_append_string(&text, "{");
        text_append_member_bool(&text, "d", true);
        text_append_member_bool(&text, "e", false);
        text_append_string(&text, "}");
        text_append_member_string(&text, "f", "{");
        text_append_member_int(&text, "g", 0);
        text_append_string(&text, "}");
        ck_assert_uint_eq(sizeof(expected) - 1, text.length);
        ck_assert_mem_eq(expected, text.bytes, text.length);
        text_deinit(&text);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {
                starts_without_memory,
                appends_across_growth,
                keeps_nul_bytes,
                clear_keeps_the_memory,
                integers,
                failure_is_remembered_and_keeps_what_was_there,
                json_strings,
                json_strings_of_bad_bytes,
                members,
        };

        return unit_run(unit_suite_of("proto_text", tests));
}
