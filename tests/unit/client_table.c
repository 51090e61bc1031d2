/* SPDX-License-Identifier: ISC */
#include "client/text/table.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "client/text/printable.h"
#include "client/text/width.h"
#include "unit.h"

static const char *const headings[] = {"NAME", "PID", "EMPTY", "NOTE"};

/* What a function writes, as a string; the caller frees. */
struct capture {
        FILE *file;
        char *text;
        size_t size;
};

static FILE *capture_begin(struct capture *capture)
{
        capture->file = open_memstream(&capture->text, &capture->size);
        ck_assert_ptr_nonnull(capture->file);
        return capture->file;
}

static void capture_is(struct capture *capture, const char *expected)
{
        fclose(capture->file);
        ck_assert_str_eq(capture->text, expected);
        ck_assert_uint_eq(capture->size, strlen(expected));
        free(capture->text);
}

static void add(struct table *table, const char *name, const char *pid, const char *note, enum tint tint)
{
        const struct cell cells[] = {
                {.text = name}, {.text = pid, .right = true}, {.text = NULL}, {.text = note, .tint = tint}};

        table_add(table, cells);
}

START_TEST(aligns_and_leaves_out_empty_columns)
{
        struct capture capture;
        struct table table;

        table_init(&table, 4, headings);
        add(&table, "gateway-coder", "7", "", TINT_PLAIN);
        add(&table, "x", "12345", "why", TINT_BAD);
        add(&table, "y", NULL, "no pid", TINT_PLAIN);
        table_print(&table, capture_begin(&capture), false);
        capture_is(&capture, "NAME             PID  NOTE\n"
                             "gateway-coder      7\n"
                             "x              12345  why\n"
                             "y                     no pid\n");
        table_deinit(&table);
}
END_TEST

/* Tables one below the other line up, where the columns of all are given a width; a longer cell is cut. */
START_TEST(columns_may_be_of_a_given_width)
{
        struct capture capture;
        struct table table;

        table_init(&table, 4, NULL);
        table.least[0] = table.most[0] = 7;
        table.least[2] = 9; /* of an empty column, which stays out of sight */
        add(&table, "x", "1", "a", TINT_PLAIN);
        add(&table, "gateway-coder", "2", "b", TINT_PLAIN);
        table_print(&table, capture_begin(&capture), false);
        capture_is(&capture, "x        1  a\n"
                             "gat~der  2  b\n");
        table_deinit(&table);
}
END_TEST

START_TEST(colours_do_not_move_columns)
{
        struct capture capture;
        struct table table;
        const struct cell cells[] = {{.text = "up", .tint = TINT_GOOD}, {.text = "a"}};
        const struct cell longer[] = {{.text = "backoff", .tint = TINT_BAD}, {.text = "b"}};

        table_init(&table, 2, NULL);
        table_add(&table, cells);
        table_add(&table, longer);
        table_print(&table, capture_begin(&capture), true);
        capture_is(&capture, "\033[32mup\033[0m       a\n\033[31mbackoff\033[0m  b\n");
        table_deinit(&table);
}
END_TEST

START_TEST(cells_cannot_steer_a_terminal)
{
        struct capture capture;
        struct table table;

        table_init(&table, 4, NULL);
        add(&table, "\033[2J", "1\n2", "\xc2\x9b\x7f\\", TINT_PLAIN);
        table_print(&table, capture_begin(&capture), false);
        capture_is(&capture, "\\x1b[2J  1\\x0a2  \\xc2\\x9b\\x7f\\\\\n");
        table_deinit(&table);
}
END_TEST

START_TEST(grows_to_many_rows)
{
        struct table table;

        table_init(&table, 4, headings);
        for (int i = 0; i < 1000; i++)
                add(&table, "name", "1", "note", TINT_PLAIN);
        ck_assert(!table.failed);
        ck_assert_uint_eq(table.rows, 1000);
        table_deinit(&table);
        ck_assert_uint_eq(table.rows, 0);
}
END_TEST

START_TEST(no_rows_print_nothing)
{
        struct capture capture;
        struct table table;

        table_init(&table, 4, headings);
        table_print(&table, capture_begin(&capture), true);
        capture_is(&capture, "");
}
END_TEST

START_TEST(every_byte_is_made_printable)
{
        for (int byte = 1; byte < 256; byte++) {
                char text[] = {(char)byte, '\0'};
                char *copy = printable_text(text, PRINTABLE_ASCII);

                for (const char *at = copy; *at; at++)
                        ck_assert(*at >= 0x20 && *at < 0x7f);
                ck_assert_int_eq(strcmp(copy, text) == 0, byte >= 0x20 && byte < 0x7f && byte != '\\');
                free(copy);
        }
}
END_TEST

static const struct {
        const char *text, *ascii, *utf8, *bytes;
} others[] = {
        {"plain", "plain", "plain", "plain"},
        {"\xd0\xba\xd0\xbb", "\\xd0\\xba\\xd0\\xbb", "\xd0\xba\xd0\xbb", "\xd0\xba\xd0\xbb"},
        {"a\tb\nc\x7f", "a\\x09b\\x0ac\\x7f", "a\\x09b\\x0ac\\x7f", "a\\x09b\\x0ac\\x7f"},
        {"\xff\\", "\\xff\\\\", "\\xff\\\\", "\xff\\"},
        /* A right-to-left override, and a C1 control, are nowhere text. */
        {"\xe2\x80\xae", "\\xe2\\x80\\xae", "\\xe2\\x80\\xae", "\\xe2\\x80\\xae"},
        {"\xc2\x9b"
         "2J",
         "\\xc2\\x9b2J", "\\xc2\\x9b2J", "\\xc2\\x9b2J"},
};

START_TEST(text_of_others)
{
        const char *wanted[] = {others[_i].ascii, others[_i].utf8, others[_i].bytes};

        for (enum printable printable = PRINTABLE_ASCII; printable <= PRINTABLE_BYTES; printable++) {
                char *copy = printable_text(others[_i].text, printable);

                ck_assert_str_eq(copy, wanted[printable]);
                free(copy);
        }
}
END_TEST

static const struct {
        const char *text;
        size_t width, columns, fit, fit_end;
} widths[] = {
        {"", 0, 5, 0, 0},
        {"abc", 3, 2, 2, 2},
        {"\xd0\xba\xd0\xbb\xd1\x8e", 3, 2, 4, 4},
        {"\xe6\x97\xa5\xe6\x9c\xac", 4, 3, 3, 3},
        {"\xf0\x9f\x98\x80x", 3, 1, 0, 1},
        {"e\xcc\x81x", 2, 1, 3, 1}, /* an accent stays with its letter */
        {"xe\xcc\x81", 2, 1, 1, 3},
        {"\xff\xfe", 2, 1, 1, 1},
};

START_TEST(width_is_what_a_terminal_shows)
{
        const char *text = widths[_i].text;

        ck_assert_uint_eq(width_of(text), widths[_i].width);
        ck_assert_uint_eq(width_fit(text, strlen(text), widths[_i].columns), widths[_i].fit);
        ck_assert_uint_eq(width_fit_end(text, strlen(text), widths[_i].columns), widths[_i].fit_end);
}
END_TEST

START_TEST(what_is_beyond_ascii_lines_up)
{
        struct capture capture;
        struct table table;

        table_init(&table, 2, NULL);
        table.printable = PRINTABLE_UTF8;
        table_add(&table,
                  (const struct cell[]){{.text = "\xe6\x97\xa5\xe6\x9c\xac\xe6\x9c\x8d"}, {.text = "1"}});
        table_add(&table, (const struct cell[]){{.text = "\xd0\xba\xd0\xbb"}, {.text = "2"}});
        table.most[0] = 5;
        table_print(&table, capture_begin(&capture), false);
        capture_is(&capture, "\xe6\x97\xa5~\xe6\x9c\x8d  1\n\xd0\xba\xd0\xbb     2\n");
        table_deinit(&table);
}
END_TEST

static const struct {
        const char *text, *written;
} json[] = {
        {"{\"a\":\"b\\u001b\"}", "{\"a\":\"b\\u001b\"}"},
        {"\"\xc3\xbc\"", "\"\\u00fc\""},
        {"\"\xc2\x9b\x7f\"", "\"\\u009b\\u007f\""},
        {"\"\xe2\x80\xae\"", "\"\\u202e\""},
        {"\"\xf0\x9f\x98\x80\"", "\"\\ud83d\\ude00\""},
        {"\"\xf4\x8f\xbf\xbf\"", "\"\\udbff\\udfff\""},
        /* Not UTF-8, and cut off at the end: never past the terminator. */
        {"\xff", "\\ufffd"},
        {"\xe2\x80", "\\ufffd\\ufffd"},
        {"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
};

START_TEST(json_is_ascii)
{
        struct capture capture;

        printable_write_json(capture_begin(&capture), json[_i].text);
        capture_is(&capture, json[_i].written);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("table");
        TCase *tcase = tcase_create("table");

        tcase_add_test(tcase, aligns_and_leaves_out_empty_columns);
        tcase_add_test(tcase, columns_may_be_of_a_given_width);
        tcase_add_test(tcase, colours_do_not_move_columns);
        tcase_add_test(tcase, cells_cannot_steer_a_terminal);
        tcase_add_loop_test(tcase, text_of_others, 0, sizeof(others) / sizeof(others[0]));
        tcase_add_loop_test(tcase, width_is_what_a_terminal_shows, 0, sizeof(widths) / sizeof(widths[0]));
        tcase_add_test(tcase, what_is_beyond_ascii_lines_up);
        tcase_add_test(tcase, grows_to_many_rows);
        tcase_add_test(tcase, no_rows_print_nothing);
        tcase_add_test(tcase, every_byte_is_made_printable);
        tcase_add_loop_test(tcase, json_is_ascii, 0, sizeof(json) / sizeof(json[0]));
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
