/* SPDX-License-Identifier: ISC */
#include "client/terminal/keys.h"

#include <check.h>

#include "unit.h"

/* Each key that comes out, as a letter. */
static void expect(const char *typed, const char *wanted)
{
        static const char letters[] = ".qkjudhel";
        struct keys keys = {0};
        char seen[64] = "";
        size_t count = 0;

        for (; *typed; typed++) {
                enum key key = keys_take(&keys, (unsigned char)*typed);

                if (key != KEY_NONE)
                        seen[count++] = letters[key];
        }
        ck_assert_str_eq(seen, wanted);
        ck_assert_int_eq(keys.state, KEYS_PLAIN);
}

static const struct {
        const char *typed, *keys;
} rows[] = {
        {"q", "q"},
        {"Q", "q"},
        {"xyz\x7f\xff\xc3\xa4", ""},
        {"jk\r\n", "jkjj"},
        {" b\x06\x02", "dudu"},
        {"gG\x0c", "hel"},
        {"\x1b[A\x1b[B\x1b[H\x1b[F", "kjhe"},
        {"\x1bOA\x1bOB\x1bOH\x1bOF", "kjhe"},
        {"\x1b[5~\x1b[6~", "ud"},
        {"\x1b[1~\x1b[4~\x1b[7~\x1b[8~", "hehe"},
        /* With Shift or Ctrl; function keys; a sequence nobody knows; nothing of them is a letter. */
        {"\x1b[1;2A\x1b[5;5~\x1b[15~\x1b[?1;2q\x1b[200~q", "q"},
        {"\x1bOqq", "q"},
        {"\x1b[99999999999999999999~q", "q"},
        /* Escape, and then something. */
        {"\x1bq", "q"},
        {"\x1b\x1b[A", "k"},
};

START_TEST(keys_are_what_terminals_send)
{
        expect(rows[_i].typed, rows[_i].keys);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("keys");
        TCase *tcase = tcase_create("keys");

        tcase_add_loop_test(tcase, keys_are_what_terminals_send, 0, sizeof(rows) / sizeof(rows[0]));
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
