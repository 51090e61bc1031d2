/* SPDX-License-Identifier: ISC */
#include "client/say/label.h"

#include <stdlib.h>

#include <check.h>

#include "client/terminal/look.h"
#include "unit.h"

static const struct {
        const char *name;
        size_t terminal; /* its columns; 0: there is none */
        bool utf8;
        const char *label;
} cases[] = {
        {"gateway-coder", 80, true, "gateway-coder"},
        {"gateway-twelve-1234", 80, true, "twelve-1234"},
        {"gateway-twelve-12345", 80, true, "twelve-12345"},
        {"gateway-a-longer-one-12345", 80, true, "a-long…-12345"},
        {"gateway-a-longer-one-12345", 20, false, "a-long~-12345"},
        {"a-static-service-of-theirs", 80, true, "a-stat…theirs"},
        {"gateway-a-longer-one-12345", 0, true, "gateway-a-longer-one-12345"},
        {"", 80, true, ""},
};

START_TEST(long_names_are_cut_on_terminals_only)
{
        const struct look look = {
                .columns = cases[_i].terminal, .utf8 = cases[_i].utf8, .printable = PRINTABLE_UTF8};
        char *label = label_text(cases[_i].name, 13, &look);

        ck_assert_str_eq(label, cases[_i].label);
        free(label);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("label");
        TCase *tcase = tcase_create("label");

        tcase_add_loop_test(tcase, long_names_are_cut_on_terminals_only, 0, sizeof(cases) / sizeof(cases[0]));
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
