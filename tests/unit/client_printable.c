/* SPDX-License-Identifier: ISC */
#include "client/text/printable.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "unit.h"

static const struct {
        const char *text, *json;
} texts[] = {
        {"\"a\\u00e9\"", "\"a\\u00e9\""},
        {"\x7f", "\\u007f"},
        {"\xc3\xa9", "\\u00e9"},
        {"\xe2\x82\xac", "\\u20ac"},
        {"\xf0\x9f\x98\x80", "\\ud83d\\ude00"},
        {"\xf4\x8f\xbf\xbf", "\\udbff\\udfff"}, /* the last */
        /* Surrogates, alone and as CESU-8 pairs them. */
        {"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"},
        {"\xed\xbf\xbf", "\\ufffd\\ufffd\\ufffd"},
        {"\xed\xa0\xbd\xed\xb8\x80", "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd"},
        {"\xed\x9f\xbf\xee\x80\x80", "\\ud7ff\\ue000"}, /* their neighbours */
        /* Overlong. */
        {"\xc0\x80", "\\ufffd\\ufffd"},
        {"\xc1\xbf", "\\ufffd\\ufffd"},
        {"\xe0\x80\xaf", "\\ufffd\\ufffd\\ufffd"},
        {"\xe0\x9f\xbf", "\\ufffd\\ufffd\\ufffd"},
        {"\xf0\x80\x80\xaf", "\\ufffd\\ufffd\\ufffd\\ufffd"},
        {"\xf0\x8f\xbf\xbf", "\\ufffd\\ufffd\\ufffd\\ufffd"},
        /* Beyond U+10FFFF, and of more than four bytes. */
        {"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
        {"\xf7\xbf\xbf\xbf", "\\ufffd\\ufffd\\ufffd\\ufffd"},
        {"\xf8\x88\x80\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd"},
        {"\xfe\xff", "\\ufffd\\ufffd"},
        /* Cut off, at the end and before something else. */
        {"\xc3", "\\ufffd"},
        {"\xe2\x82", "\\ufffd\\ufffd"},
        {"\xf0\x9f\x98", "\\ufffd\\ufffd\\ufffd"},
        {"\xf0\x9f\x98\"", "\\ufffd\\ufffd\\ufffd\""},
        {"\xe2\x82\xc3\xa9", "\\ufffd\\ufffd\\u00e9"},
        {"\x80x\xbf", "\\ufffdx\\ufffd"},
        /* Noncharacters are text all the same. */
        {"\xef\xbf\xbf\xef\xb7\x90", "\\uffff\\ufdd0"},
};

START_TEST(json_is_ascii_and_holds_no_lone_surrogate)
{
        char *written = NULL;
        size_t size;
        FILE *file = open_memstream(&written, &size);

        printable_write_json(file, texts[_i].text);
        fclose(file);
        ck_assert_str_eq(written, texts[_i].json);
        free(written);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("printable");
        TCase *tcase = tcase_create("printable");

        tcase_add_loop_test(tcase, json_is_ascii_and_holds_no_lone_surrogate, 0,
                            sizeof(texts) / sizeof(texts[0]));
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
