/* SPDX-License-Identifier: ISC */
#include "client/terminal/canvas.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "unit.h"

static void expect(struct canvas *canvas, char *const *lines, const char *wanted)
{
        char *output = NULL;
        size_t length = 0;

        ck_assert_int_eq(canvas_draw(canvas, lines, &output, &length), 0);
        ck_assert_pstr_eq(output, wanted);
        ck_assert_uint_eq(length, wanted ? strlen(wanted) : 0);
        free(output);
}

START_TEST(only_what_differs_is_sent)
{
        char one[] = "one", two[] = "two", wide[] = "12345", wider[] = "123456", empty[] = "";
        struct canvas canvas;

        canvas_init(&canvas);
        ck_assert_int_eq(canvas_resize(&canvas, 2, 5), 0);
        expect(&canvas, (char *[]){one, two}, "\x1b[?2026h\x1b[1;1Hone\x1b[K\x1b[2;1Htwo\x1b[K\x1b[?2026l");
        expect(&canvas, (char *[]){one, two}, NULL);
        /* As wide as the terminal: erasing behind it would take its last character. */
        expect(&canvas, (char *[]){one, wide}, "\x1b[?2026h\x1b[2;1H12345\x1b[?2026l");
        /* What differs only where it is cut off is the same. */
        expect(&canvas, (char *[]){one, wider}, NULL);
        expect(&canvas, (char *[]){empty, wider}, "\x1b[?2026h\x1b[1;1H\x1b[K\x1b[?2026l");
        canvas_forget(&canvas);
        expect(&canvas, (char *[]){empty, two}, "\x1b[?2026h\x1b[1;1H\x1b[K\x1b[2;1Htwo\x1b[K\x1b[?2026l");
        ck_assert_int_eq(canvas_resize(&canvas, 1, 2), 0);
        expect(&canvas, (char *[]){two}, "\x1b[?2026h\x1b[1;1Htw\x1b[?2026l");
        canvas_deinit(&canvas);
}
END_TEST

static const struct {
        const char *line;
        size_t columns;
        const char *cut;
        size_t width;
} cuts[] = {
        {"", 5, "", 0},
        {"abc", 3, "abc", 3},
        {"abcd", 3, "abc", 3},
        {"abcd", 0, "", 0},
        {"\x1b[31mup\x1b[0m x", 4, "\x1b[31mup\x1b[0m x", 4},
        /* A colour is ended where the line is. */
        {"\x1b[31mup\x1b[0m x", 1, "\x1b[31mu\x1b[0m", 1},
        {"\x1b[31mup\x1b[0m", 2, "\x1b[31mup\x1b[0m", 2},
        {"\xe2\x97\x8f up", 2, "\xe2\x97\x8f ", 2},
        {"\xe2\x97\x8f\xe2\x97\x8f", 1, "\xe2\x97\x8f", 1},
        /* Half of a wide one is nothing. */
        {"a\xe6\x97\xa5", 2, "a", 1},
        {"a\xe6\x97\xa5", 3, "a\xe6\x97\xa5", 3},
};

START_TEST(lines_are_cut_at_the_edge)
{
        size_t width;
        char *cut = canvas_cut(cuts[_i].line, cuts[_i].columns, &width);

        ck_assert_str_eq(cut, cuts[_i].cut);
        ck_assert_uint_eq(width, cuts[_i].width);
        free(cut);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("canvas");
        TCase *tcase = tcase_create("canvas");

        tcase_add_test(tcase, only_what_differs_is_sent);
        tcase_add_loop_test(tcase, lines_are_cut_at_the_edge, 0, sizeof(cuts) / sizeof(cuts[0]));
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
