/* SPDX-License-Identifier: ISC */
#include <check.h>

#include "daemon/edge/room.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

/* Less than 1 MiB or 100 inodes, of a small one less than an eighth. */
static const struct {
        struct room room;
        bool is_short;
        const char *text;
} rows[] = {
        {{MIB, 64 * MIB, 100, 1000}, false, "1024 KiB and 100 inodes"},
        {{MIB - 1, 64 * MIB, 100, 1000}, true, "1023 KiB"},
        {{MIB, 64 * MIB, 99, 1000}, true, "99 inodes"},
        {{0, 64 * MIB, 0, 1000}, true, "0 KiB and 0 inodes"},
        {{512 * KIB, 4 * MIB, 100, 1000}, false, "512 KiB and 100 inodes"}, /* an eighth */
        {{512 * KIB - 1, 4 * MIB, 100, 1000}, true, "511 KiB"},
        {{MIB, 64 * MIB, 10, 80}, false, "1024 KiB and 10 inodes"},
        {{MIB, 64 * MIB, 9, 80}, true, "9 inodes"},
        {{MIB, 64 * MIB, 0, 0}, false, "1024 KiB and 0 inodes"}, /* it counts no inodes */
        {{0, 0, 0, 0}, false, "0 KiB and 0 inodes"},             /* nor anything else */
};

START_TEST(row)
{
        char text[ROOM_TEXT_BYTES];

        ck_assert_int_eq(rows[_i].is_short, room_is_short(&rows[_i].room, MIB, 100, 8));
        room_describe(&rows[_i].room, MIB, 100, 8, text);
        ck_assert_str_eq(rows[_i].text, text);
}
END_TEST

START_TEST(without_a_share)
{
        const struct room small = {512 * KIB, 600 * KIB, 50, 60};

        ck_assert(room_is_short(&small, MIB, 10, 0));
        ck_assert(!room_is_short(&small, 512 * KIB, 50, 0));
        ck_assert(room_is_short(&small, 512 * KIB, 51, 0));
}
END_TEST

START_TEST(reads)
{
        struct room room = {0};

        ck_assert_int_lt(room_read(-1, &room), 0);
        ck_assert_uint_eq(0, room.bytes_all);
        ck_assert_int_eq(0, room_read(0, &room));
}
END_TEST

int main(void)
{
        int failed;
        Suite *suite = suite_create("edge_room");
        TCase *cases = tcase_create("edge_room");
        SRunner *runner;

        tcase_add_loop_test(cases, row, 0, (int)(sizeof(rows) / sizeof(rows[0])));
        tcase_add_test(cases, without_a_share);
        tcase_add_test(cases, reads);
        suite_add_tcase(suite, cases);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
