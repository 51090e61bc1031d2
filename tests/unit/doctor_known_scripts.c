/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/doctor/known_scripts.h"

static const struct interpreter shell = {.path = "/bin/sh", .argument = "-e"};

static struct stat inode_of(dev_t device, ino_t inode, time_t sec, long nsec)
{
        return (struct stat){.st_dev = device, .st_ino = inode, .st_ctim = {sec, nsec}};
}

START_TEST(known_by_the_inode)
{
        static struct known_scripts known;
        const struct stat inode = inode_of(1, 2, 3, 4),
                          others[] = {inode_of(9, 2, 3, 4), inode_of(1, 9, 3, 4), inode_of(1, 2, 9, 4),
                                      inode_of(1, 2, 3, 9)};
        const struct known_script *found;

        ck_assert_ptr_null(known_scripts_find(&known, &inode));
        known_scripts_note(&known, &inode, 1, &shell);
        found = known_scripts_find(&known, &inode);
        ck_assert_ptr_nonnull(found);
        ck_assert_int_eq(1, found->result);
        ck_assert_str_eq("/bin/sh", found->interpreter.path);
        ck_assert_str_eq("-e", found->interpreter.argument);
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
                ck_assert_ptr_null(known_scripts_find(&known, &others[i]));
}
END_TEST

/* What has no interpreter is noted with none, whatever the caller's is. */
START_TEST(without_interpreter)
{
        static struct known_scripts known;
        const struct stat inode = inode_of(1, 2, 3, 4);

        known_scripts_note(&known, &inode, 0, &shell);
        ck_assert_int_eq(0, known_scripts_find(&known, &inode)->result);
        ck_assert_str_eq("", known_scripts_find(&known, &inode)->interpreter.path);
}
END_TEST

START_TEST(the_last_ones_are_kept)
{
        static struct known_scripts known;

        for (ino_t i = 1; i <= DIAGNOSE_SOUND_MOST + 3; i++) {
                const struct stat inode = inode_of(1, i, 3, 4);

                known_scripts_note(&known, &inode, 0, NULL);
        }
        for (ino_t i = 1; i <= DIAGNOSE_SOUND_MOST + 3; i++) {
                const struct stat inode = inode_of(1, i, 3, 4);

                ck_assert_int_eq(i > 3, known_scripts_find(&known, &inode) != NULL);
        }
}
END_TEST

int main(void)
{
        const TTest *tests[] = {known_by_the_inode, without_interpreter, the_last_ones_are_kept};

        return unit_run(unit_suite_of("doctor_known_scripts", tests));
}
