/* SPDX-License-Identifier: ISC */
#include "client/terminal/pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "unit.h"

static const char table[] = "NAME\na\nb\nc\nd\ne\nf\n";

/* The lines of it, each ended by a newline. */
static void expect(struct pane *pane, const char *text, const char *wanted)
{
        const struct pane_text parts = {.title = "title", .corner = "12:00", .table = text, .heading = *text};
        char **lines = pane_compose(pane, &parts);
        char seen[512] = "";

        ck_assert_ptr_nonnull(lines);
        for (size_t i = 0; i < pane->rows; i++) {
                strcat(seen, lines[i]);
                strcat(seen, "\n");
        }
        ck_assert_str_eq(seen, wanted);
        pane_free_lines(lines, pane->rows);
}

static struct pane make(size_t rows, size_t columns)
{
        struct pane pane;

        pane_init(&pane, false);
        pane.rows = rows;
        pane.columns = columns;
        return pane;
}

START_TEST(everything_has_room)
{
        struct pane pane = make(10, 12);

        expect(&pane, table, "title  12:00\nNAME\na\nb\nc\nd\ne\nf\n\nq quits\n");
        pane_move(&pane, KEY_DOWN);
        pane_move(&pane, KEY_END);
        ck_assert_uint_eq(pane.first, 0);
        pane.columns = 11; /* no room for the corner */
        expect(&pane, "", "title\n\n\n\n\n\n\n\n\nq quits\n");
}
END_TEST

START_TEST(a_long_table_scrolls)
{
        static const struct {
                enum key key;
                size_t first;
        } moves[] = {
                {KEY_UP, 0},        {KEY_DOWN, 1},      {KEY_DOWN, 2},    {KEY_UP, 1},   {KEY_PAGE_DOWN, 3},
                {KEY_PAGE_DOWN, 3}, {KEY_PAGE_UP, 1},   {KEY_PAGE_UP, 0}, {KEY_END, 3},  {KEY_DOWN, 3},
                {KEY_HOME, 0},      {KEY_PAGE_DOWN, 2}, {KEY_REDRAW, 2},  {KEY_NONE, 2},
        };
        struct pane pane = make(6, 60);

        expect(&pane, table,
               "title                                                  12:00\nNAME\na\nb\nc\n"
               "rows 1 to 3 of 6; arrows scroll, q quits\n");
        for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
                pane_move(&pane, moves[i].key);
                ck_assert_uint_eq(pane.first, moves[i].first);
        }
        expect(&pane, table,
               "title                                                  12:00\nNAME\nc\nd\ne\n"
               "rows 3 to 5 of 6; arrows scroll, q quits\n");
        /* When rows go away, the last ones stay in sight. */
        expect(&pane, "NAME\na\nb\nc\nd\n",
               "title                                                  12:00\nNAME\nb\nc\nd\n"
               "rows 2 to 4 of 4; arrows scroll, q quits\n");
}
END_TEST

START_TEST(a_low_terminal_shows_services_first)
{
        static const char *const pictures[] = {
                "a\n", "a\nb\n", "title\na\nb\n", "title\nNAME\na\nb\n", "title\nNAME\na\nb\n1-2 of 6\n",
        };

        for (size_t rows = 1; rows <= sizeof(pictures) / sizeof(pictures[0]); rows++) {
                struct pane pane = make(rows, 8);

                expect(&pane, table, pictures[rows - 1]);
        }
}
END_TEST

/* What is not shown is told of, in as many words as there is room for, and counted in rows: what is below one belongs to it. */
START_TEST(which_rows_these_are)
{
        static const char lines[] = "NAME\na\n    because\nb\nc\n    because of this\n    and that\nd\n";
        static const struct {
                size_t rows, columns, first;
                const char *picture;
        } pictures[] = {
                {6, 48, 0,
                 "title                                      12:00\nNAME\na\n    because\nb\n"
                 "rows 1 to 2 of 4; arrows scroll, q quits\n"},
                {6, 32, 0,
                 "title                      12:00\nNAME\na\n    because\nb\nrows 1 to 2 of 4; q quits\n"},
                {6, 20, 1, "title          12:00\nNAME\n    because\nb\nc\nrows 1 to 3 of 4\n"},
                {6, 18, 3, "title        12:00\nNAME\nc\n    because of this\n    and that\nrow 3 of 4\n"},
                {6, 9, 0, "title\nNAME\na\n    because\nb\n1-2 of 4\n"},
                /* Without a line of its own it is in the title's. */
                {4, 18, 0, "title       1 of 4\nNAME\na\n    because\n"},
                {3, 20, 2, "title       2-3 of 4\nb\nc\n"},
        };

        for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
                struct pane pane = make(pictures[i].rows, pictures[i].columns);

                pane.total = 7;
                pane.first = pictures[i].first;
                expect(&pane, lines, pictures[i].picture);
        }
}
END_TEST

START_TEST(a_title_is_cut_with_a_sign)
{
        const struct pane_text text = {
                .title = "31 services: 31 up", .corner = "12:00", .table = "a\nb\nc\n", .heading = false};
        struct pane pane = make(3, 18);
        char **lines = pane_compose(&pane, &text);

        ck_assert_str_eq(lines[0], "31 serv~  1-2 of 3");
        pane_free_lines(lines, pane.rows);
}
END_TEST

START_TEST(colours)
{
        struct pane_text text = {.title = "title", .corner = "", .table = ""};
        struct pane pane = make(5, 20);
        char **lines;

        pane.colour = true;
        lines = pane_compose(&pane, &text);
        ck_assert_str_eq(lines[0], "\x1b[1mtitle\x1b[0m               ");
        ck_assert_str_eq(lines[4], "\x1b[2mq quits\x1b[0m");
        pane_free_lines(lines, pane.rows);
        text.alarm = true;
        lines = pane_compose(&pane, &text);
        ck_assert_str_eq(lines[0], "\x1b[1;31mtitle\x1b[0m               ");
        pane_free_lines(lines, pane.rows);
}
END_TEST

START_TEST(what_is_chosen_stays_in_sight)
{
        static const char lines[] = "NAME\na\n    because\nb\nc\n    of this\nd\n";
        static const struct {
                size_t first, marked, count, now_first;
        } rows[] = {{0, 0, 2, 0}, {0, 2, 1, 0}, {0, 3, 2, 2}, {0, 5, 1, 3},
                    {3, 0, 2, 0}, {2, 3, 2, 2}, {1, 5, 0, 1}};
        struct pane pane = make(6, 20);

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct pane_text text = {.title = "title",
                                         .corner = "",
                                         .table = lines,
                                         .heading = true,
                                         .marked = rows[i].marked,
                                         .marked_count = rows[i].count};

                pane.first = rows[i].first;
                pane_free_lines(pane_compose(&pane, &text), pane.rows);
                ck_assert_uint_eq(pane.first, rows[i].now_first);
        }
}
END_TEST

START_TEST(what_is_chosen_has_one_colour)
{
        const struct pane_text text = {.title = "t",
                                       .corner = "",
                                       .table = "a\n\x1b[32mb\x1b[0m c\n",
                                       .marked = 1,
                                       .marked_count = 1};
        struct pane pane = make(4, 6);
        char **lines;

        lines = pane_compose(&pane, &text);
        ck_assert_str_eq(lines[2], "\x1b[32mb\x1b[0m c");
        pane_free_lines(lines, pane.rows);
        pane.colour = true;
        lines = pane_compose(&pane, &text);
        ck_assert_str_eq(lines[1], "a");
        ck_assert_str_eq(lines[2], "\x1b[7mb c   \x1b[0m");
        pane_free_lines(lines, pane.rows);
}
END_TEST

/* A foot takes the place of the keys, and has half of the pane at most; on one row it is all that there is. */
START_TEST(a_foot)
{
        static const struct {
                size_t rows;
                const char *foot, *picture;
        } pictures[] = {
                {1, "one\n", "one\n"},
                {2, "one\n", "a\none\n"},
                {5, "one\ntwo\n", "title  \nNAME\na\none\ntwo\n"},
                {5, "one\ntwo\nthree\n", "title  \nNAME\na\none\ntwo~\n"},
                {3, "one two\nthree\n", "title  \na\none tw~\n"},
        };

        for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
                struct pane pane = make(pictures[i].rows, 7);
                struct pane_text text = {.title = "title",
                                         .corner = "",
                                         .table = "NAME\na\n",
                                         .heading = true,
                                         .foot = pictures[i].foot};
                char **lines = pane_compose(&pane, &text);
                char seen[64] = "";

                for (size_t row = 0; row < pane.rows; row++)
                        strcat(strcat(seen, lines[row]), "\n");
                ck_assert_str_eq(seen, pictures[i].picture);
                pane_free_lines(lines, pane.rows);
        }
}
END_TEST

START_TEST(hints)
{
        static const char *const what[] = {"s start  t stop", "s start", "s", NULL};
        static const struct {
                size_t columns;
                bool uncounted;
                const char *line;
        } rows[] = {
                {40, false, "rows 1 to 3 of 6; s start  t stop"},
                {30, false, "rows 1 to 3 of 6; s start"},
                {22, false, "rows 1 to 3 of 6; s"},
                {18, false, "1-3 of 6; s start"},
                {15, false, "1-3 of 6; s"},
                {10, false, "1-3 of 6"},
                {20, true, "s start  t stop"},
                {10, true, "s start"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct pane pane = make(6, rows[i].columns);
                struct pane_text text = {.title = "t",
                                         .corner = "",
                                         .table = table,
                                         .heading = true,
                                         .uncounted = rows[i].uncounted,
                                         .hints = what};
                char **lines = pane_compose(&pane, &text);

                ck_assert_str_eq(lines[5], rows[i].line);
                pane_free_lines(lines, pane.rows);
        }
}
END_TEST

int main(void)
{
        const TTest *tests[] = {everything_has_room,
                                a_long_table_scrolls,
                                a_low_terminal_shows_services_first,
                                which_rows_these_are,
                                a_title_is_cut_with_a_sign,
                                colours,
                                what_is_chosen_stays_in_sight,
                                what_is_chosen_has_one_colour,
                                a_foot,
                                hints};

        return unit_run(unit_suite_of("pane", tests));
}
