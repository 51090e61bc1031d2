/* SPDX-License-Identifier: ISC */
#include "client/terminal/keys.h"

#include <check.h>

#include "unit.h"

/* Each key that comes out as a letter, text as it is; one with Escape before it has a ^ there, and ! is that key alone. */
static void expect(const char *typed, const char *wanted)
{
        static const char letters[] = "...N!<#UDudhel";
        struct keys keys = {0};
        char seen[64] = "";
        size_t count = 0;

        for (; *typed; typed++) {
                enum key key = keys_take(&keys, (unsigned char)*typed);

                if (keys.escaped)
                        seen[count++] = '^';
                if (key == KEY_PASTED)
                        seen[count++] = '\'';
                if (key == KEY_TEXT || key == KEY_PASTED)
                        seen[count++] = (char)keys.byte;
                else if (key != KEY_NONE)
                        seen[count++] = letters[key];
        }
        ck_assert_str_eq(seen, wanted);
        ck_assert_int_eq(keys.state, KEYS_PLAIN);
        ck_assert_int_eq(keys_patience(&keys), -1);
}

static const struct {
        const char *typed, *keys;
} rows[] = {
        {"q", "q"},
        {"xyz \xff\xc3\xa4", "xyz \xff\xc3\xa4"},
        {"\r\n\x7f\b\x15\x17", "NN<<##"},
        {"\x10\x0e\x06\x02\x0c\x01\x1d", "UDdul"},
        {"\x1b[A\x1b[B\x1b[H\x1b[F", "UDhe"},
        {"\x1bOA\x1bOB\x1bOH\x1bOF\x1bOM", "UDheN"},
        {"\x1b[5~\x1b[6~", "ud"},
        {"\x1b[1~\x1b[4~\x1b[7~\x1b[8~", "hehe"},
        /* With Shift or Ctrl; function keys; a mouse; a sequence nobody knows; nothing of them is a letter. */
        {"\x1b[1;2A\x1b[5;5~\x1b[15~\x1b[?1;2q\x1b[<0;1;1M\x1b[Mq", "q"},
        {"\x1bOqq", "q"},
        {"\x1b[99999999999999999999~q", "q"},
        {"\x1b[1\x1b[B\x1bO\x1b[A", "DU"},
        /* Escape, and then something, or with Alt. */
        {"\x1bq", "^q"},
        {"\x1b\x1b[A", "!U"},
        {"\x1b\x1b\x01q", "!!q"},
        /* What is pasted is no key; nor is what a sequence in it would be. */
        {"\x1b[200~st\rq\x1b[A\x1bk\x1b[201~q", "'s't'q^'kq"},
        {"\x1b[201~q", "q"},
};

START_TEST(keys_are_what_terminals_send)
{
        expect(rows[_i].typed, rows[_i].keys);
}
END_TEST

/* Each byte may be the last for a while. */
START_TEST(a_sequence_that_does_not_go_on)
{
        struct keys keys = {0};

        ck_assert_int_eq(keys_take(&keys, '\x1b'), KEY_NONE);
        ck_assert_int_eq(keys_patience(&keys), KEYS_ESCAPE_MSEC);
        ck_assert_int_eq(keys_give_up(&keys), KEY_ESCAPE);
        ck_assert_int_eq(keys_take(&keys, 'A'), KEY_TEXT);

        for (const char *begun = "[O"; *begun; begun++) {
                keys_take(&keys, '\x1b');
                keys_take(&keys, (unsigned char)*begun);
                ck_assert_int_eq(keys_patience(&keys), KEYS_SEQUENCE_MSEC);
                ck_assert_int_eq(keys_give_up(&keys), KEY_NONE);
                ck_assert_int_eq(keys_patience(&keys), -1);
                ck_assert_int_eq(keys_take(&keys, 'q'), KEY_TEXT);
        }
        ck_assert_int_eq(keys_give_up(&keys), KEY_NONE);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("keys");
        TCase *tcase = tcase_create("keys");

        tcase_add_loop_test(tcase, keys_are_what_terminals_send, 0, sizeof(rows) / sizeof(rows[0]));
        tcase_add_test(tcase, a_sequence_that_does_not_go_on);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
