/* SPDX-License-Identifier: ISC */
#include "slot_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/edge/slot_program.h"

/* The program of a slot, which is its own whatever is done to the installed one. */

#define KEPT "services/" SLOT_PROGRAM_KEPT
#define OWN "services/gateway-coder/svcbroker-slot"
#define STAGED "services/.gateway-coder/svcbroker-slot"

static char installed[96];

static void install(const char *text)
{
        snprintf(installed, sizeof(installed), "%s/program", root);
        put("program.new", text, 0755);
        ck_assert_int_eq(0, renameat(at, "program.new", at, "program"));
        slots.program = installed;
}

static ino_t inode_of(const char *path)
{
        struct stat info;

        ck_assert_int_eq(0, fstatat(at, path, &info, AT_SYMLINK_NOFOLLOW));
        return info.st_ino;
}

START_TEST(all_slots_have_one_file)
{
        install("first");
        ck_assert_int_eq(0, slot_program_keep(&slots));
        stage_and_commit(NULL, true);
        ck_assert_int_eq(0, slot_stage(&slots, "gateway-writer", "writer", NULL, "{}", true));
        ck_assert_str_eq("first", text_of(OWN));
        assert_inode(OWN, S_IFREG, 0755, getegid());
        ck_assert_uint_eq(inode_of(KEPT), inode_of(OWN));
        ck_assert_uint_eq(inode_of(KEPT), inode_of("services/.gateway-writer/svcbroker-slot"));
        ck_assert_uint_ne(inode_of("program"), inode_of(OWN)); /* whoever writes into that changes no slot */
}
END_TEST

START_TEST(another_one_is_for_later_slots)
{
        ino_t before;

        install("first");
        ck_assert_int_eq(0, slot_program_keep(&slots));
        before = inode_of(KEPT);
        install("first");
        ck_assert_int_eq(0, slot_program_keep(&slots));
        ck_assert_uint_eq(before, inode_of(KEPT));
        stage_and_commit(NULL, true);
        install("another");
        ck_assert_int_eq(0, slot_program_keep(&slots));
        ck_assert_str_eq("first", text_of(OWN));
        ck_assert_int_eq(0, slot_renew(&slots, NAME, "coder", NULL, "{}", true));
        ck_assert_str_eq("another", text_of(OWN));
        /* As long, and others. */
        install("anothes");
        ck_assert_int_eq(0, slot_program_keep(&slots));
        ck_assert_str_eq("anothes", text_of(KEPT));
}
END_TEST

START_TEST(one_that_is_gone_or_written_just_now)
{
        install("first");
        ck_assert_int_eq(0, slot_program_keep(&slots));
        put("program", "", 0755);
        ck_assert_int_eq(-EAGAIN, slot_program_keep(&slots));
        ck_assert_int_eq(0, unlinkat(at, "program", 0));
        ck_assert_int_eq(-ENOENT, slot_program_keep(&slots));
        stage_and_commit(NULL, true);
        ck_assert_str_eq("first", text_of(OWN));
        make("program", 0755);
        ck_assert_int_eq(-EINVAL, slot_program_keep(&slots));
        ck_assert_str_eq("first", text_of(KEPT));
}
END_TEST

/* No slot without it, where a script names it: a register fails, and says why. What somebody has removed is there again. */
START_TEST(without_any)
{
        install("first");
        ck_assert_int_eq(0, unlinkat(at, "program", 0));
        ck_assert_int_eq(0, fchmodat(at, "template/log", 0755, 0));
        ck_assert_int_eq(0, unlinkat(at, "template/log/run", 0));
        put("template/log/run", "#!../svcbroker-slot log\n", 0755);
        ck_assert_int_eq(-ENOENT, slot_stage(&slots, NAME, "coder", NULL, "{}", true));
        put("template/log/run", "#!/bin/sh\n", 0755);
        put("template/finish", "#!./svcbroker-slot finish\n", 0755);
        ck_assert_int_eq(-ENOENT, slot_stage(&slots, NAME, "coder", NULL, "{}", true));
        ck_assert_uint_eq(0, entries("services"));
        put("template/finish", "#!/usr/local/libexec/svcbroker/svcbroker-slot finish\n", 0755);
        ck_assert_int_eq(0, slot_stage(&slots, NAME, "coder", NULL, "{}", true));
        ck_assert(!exists(STAGED));
        install("first");
        stage_and_commit(NULL, true);
        ck_assert_str_eq("first", text_of(OWN));
        ck_assert_int_eq(0, unlinkat(at, KEPT, 0));
        ck_assert_int_eq(0, slot_stage(&slots, NAME, "coder", NULL, "{}", true));
        ck_assert_str_eq("first", text_of(STAGED));
}
END_TEST

START_TEST(one_of_the_template_s_own_stays)
{
        install("first");
        put("template/svcbroker-slot", "own", 0755);
        ck_assert_int_eq(0, slot_program_keep(&slots));
        stage_and_commit(NULL, true);
        ck_assert_str_eq("own", text_of(OWN));
}
END_TEST

/* Of when the directory was open to others: it is not taken, even where there is no other. */
START_TEST(what_is_somebody_else_s)
{
        install("first");
        ck_assert_int_eq(0, unlinkat(at, "program", 0));
        put(KEPT, "planted", 0757);
        ck_assert_int_eq(-ENOENT, slot_program_keep(&slots));
        ck_assert(!exists(KEPT));
        ck_assert_int_eq(0, symlinkat("../outside/keep", at, KEPT));
        ck_assert_int_eq(-ENOENT, slot_program_keep(&slots));
        ck_assert(!exists(KEPT));
        ck_assert_str_eq("kept", text_of("outside/keep"));
        put("template/run", "#!./svcbroker-slot run\n", 0755);
        ck_assert_int_eq(0, mkdirat(at, KEPT, 0755));
        ck_assert_int_lt(slot_stage(&slots, NAME, "coder", NULL, "{}", true), 0);
        ck_assert(!exists("services/.gateway-coder"));
}
END_TEST

START_TEST(what_a_killed_broker_left)
{
        install("first");
        put(KEPT ".new", "half", 0600);
        put(KEPT, "firs", 0600);
        ck_assert_int_eq(0, slot_program_keep(&slots));
        ck_assert_str_eq("first", text_of(KEPT));
        assert_inode(KEPT, S_IFREG, 0755, getegid());
        ck_assert(!exists(KEPT ".new"));
        /* The mode counts, too. */
        ck_assert_int_eq(0, fchmodat(at, KEPT, 0644, 0));
        ck_assert_int_eq(0, slot_program_keep(&slots));
        assert_inode(KEPT, S_IFREG, 0755, getegid());
}
END_TEST

int main(void)
{
        TCase *cases;
        Suite *suite = slot_suite("edge_slot_program", &cases);

        tcase_add_test(cases, all_slots_have_one_file);
        tcase_add_test(cases, another_one_is_for_later_slots);
        tcase_add_test(cases, one_that_is_gone_or_written_just_now);
        tcase_add_test(cases, without_any);
        tcase_add_test(cases, one_of_the_template_s_own_stays);
        tcase_add_test(cases, what_a_killed_broker_left);
        tcase_add_test(cases, what_is_somebody_else_s);
        return slot_run(suite);
}
