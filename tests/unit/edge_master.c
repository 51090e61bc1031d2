/* SPDX-License-Identifier: ISC */
/* Which files slots share, and when they do not. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "daemon/log/clock.h"
#include "slot_fixture.h"

#define MASTER "services.template"

static int link_error;                /* what linking says; 0: the kernel's answer */
static int64_t ahead_usec = 60000000; /* the template was written as long ago, and not just now */

int linkat(int from, const char *path, int to, const char *other, int flags)
{
        if (!link_error)
                return (int)syscall(SYS_linkat, from, path, to, other, flags);
        errno = link_error;
        return -1;
}

int64_t clock_utc_usec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 + ahead_usec;
}

static void stage(const char *name)
{
        ck_assert_int_eq(0, slot_stage(&slots, name, "x", NULL, "{}", SLOT_DOWN_BOTH));
        ck_assert_int_eq(0, slot_commit(&slots, name));
}

static ino_t inode(const char *path)
{
        struct stat found;

        ck_assert_msg(fstatat(at, path, &found, AT_SYMLINK_NOFOLLOW) == 0, "%s", path);
        return found.st_ino;
}

/* What is written now is written at another time than what was before, whatever the kernel's tick. */
static void let_time_pass(void)
{
        struct stat before, now;

        put("outside/tick", "", 0644);
        ck_assert_int_eq(0, fstatat(at, "outside/tick", &before, 0));
        do {
                put("outside/tick", "", 0644);
                ck_assert_int_eq(0, fstatat(at, "outside/tick", &now, 0));
        } while (now.st_ctim.tv_sec == before.st_ctim.tv_sec &&
                 now.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
}

static bool is_shared(const char *path)
{
        char one[128], other[128];

        snprintf(one, sizeof(one), "services/gateway-a/%s", path);
        snprintf(other, sizeof(other), "services/gateway-b/%s", path);
        return inode(one) == inode(other);
}

/* And neither is the template's. */
START_TEST(files_are_shared)
{
        static const char *const shared[] = {"run",    "finish",  "timeout-kill", "private",
                                             "setuid", "log/run", "down"};
        static const char *const own[] = {"data/check", "data/profile", "data/state", "log",
                                          "data",       "supervise",    "env"};

        stage("gateway-a");
        stage("gateway-b");
        for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
                ck_assert_msg(is_shared(shared[i]), "%s", shared[i]);
        for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
                ck_assert_msg(!is_shared(own[i]), "%s", own[i]);
        ck_assert_uint_ne(inode("template/run"), inode("services/gateway-a/run"));
        assert_inode(MASTER, S_IFDIR, 0700, getegid());
        assert_inode("services/gateway-b/finish", S_IFREG, 0755, getegid());
        assert_inode("services/gateway-b/setuid", S_IFREG, 0711, getegid());
        assert_inode("services/gateway-b/env", S_IFREG, 0640, GROUP);
        assert_inode("services/gateway-b/down", S_IFREG, 0644, getegid());
        ck_assert_uint_eq(inode("services/gateway-a/down"), inode("services/gateway-b/log/down"));
        ck_assert_str_eq("#!/bin/sh\n# log\n", text_of("services/gateway-b/log/run"));
        /* One goes, the other stays whole. */
        ck_assert_int_eq(0, slot_remove(&slots, "gateway-a"));
        ck_assert_str_eq("#!/bin/sh\n", text_of("services/gateway-b/run"));
        ck_assert_uint_eq(1, entries("services"));
}
END_TEST

static void written_in_place(void)
{
        put("template/run", "#!/bin/no\n", 0755); /* as long as it was */
}

static void replaced(void)
{
        put("template/new", "#!/bin/no\n", 0755);
        ck_assert_int_eq(0, renameat(at, "template/new", at, "template/run"));
}

static void added(void)
{
        put("template/more", "", 0644);
}

static void removed(void)
{
        ck_assert_int_eq(0, unlinkat(at, "template/timeout-kill", 0));
}

static void made_executable(void)
{
        ck_assert_int_eq(0, fchmodat(at, "template/timeout-kill", 0755, 0));
}

static void added_below(void)
{
        ck_assert_int_eq(0, fchmodat(at, "template/log", 0755, 0));
        put("template/log/more", "", 0644);
}

static void (*const edits[])(void) = {written_in_place, replaced,        added,
                                      removed,          made_executable, added_below};

/* An image builder's, or an upgrade's: the next slot has it, older ones are what they were. */
START_TEST(the_template_is_edited)
{
        static const char *const has[] = {"run", "run", "more", NULL, NULL, "log/more"};
        const int i = _i;
        char path[128];
        ino_t before;

        stage("gateway-a");
        before = inode("services/gateway-a/run");
        let_time_pass();
        edits[i]();
        stage("gateway-b");
        ck_assert(!is_shared("run"));
        ck_assert_uint_eq(before, inode("services/gateway-a/run"));
        ck_assert_str_eq("#!/bin/sh\n", text_of("services/gateway-a/run"));
        ck_assert_str_eq(i < 2 ? "#!/bin/no\n" : "#!/bin/sh\n", text_of("services/gateway-b/run"));
        if (has[i]) {
                snprintf(path, sizeof(path), "services/gateway-b/%s", has[i]);
                ck_assert(exists(path));
        }
        ck_assert_int_eq(exists("services/gateway-b/timeout-kill"), i != 3);
        if (i == 4)
                assert_inode("services/gateway-b/timeout-kill", S_IFREG, 0755, getegid());
        stage("gateway-c");
        ck_assert_uint_eq(inode("services/gateway-b/run"), inode("services/gateway-c/run"));
}
END_TEST

/* Somebody writes into a slot's file, where they should replace it: no further slot has that. */
START_TEST(a_slot_is_written_to)
{
        stage("gateway-a");
        let_time_pass();
        put("services/gateway-a/run", "#!/bin/xx\n", 0755);
        stage("gateway-b");
        ck_assert(!is_shared("run"));
        ck_assert_str_eq("#!/bin/sh\n", text_of("services/gateway-b/run"));
        ck_assert_int_eq(0, fchmodat(at, "services/gateway-b/log/run", 0700, 0));
        stage("gateway-c");
        assert_inode("services/gateway-c/log/run", S_IFREG, 0555, getegid());
}
END_TEST

/* Variables that a slot gets, and its going up and down, are its own. */
START_TEST(what_is_empty_stays_empty)
{
        struct json_object *variables = json_object_new_object();
        bool changed = false;

        json_object_object_add(variables, "TOKEN", json_object_new_string("x"));
        stage("gateway-a");
        stage("gateway-b");
        ck_assert_int_eq(0, slot_set_environment(&slots, "gateway-a", variables, &changed));
        ck_assert(changed);
        ck_assert_str_eq("TOKEN=x\n", text_of("services/gateway-a/env"));
        ck_assert_str_eq("", text_of("services/gateway-b/env"));
        ck_assert_int_eq(0, slot_set_environment(&slots, "gateway-b", NULL, &changed));
        ck_assert(!changed);
        for (int down = 0; down < 2; down++) {
                ck_assert_int_eq(0, slot_set_down(&slots, "gateway-a", down));
                ck_assert_int_eq(exists("services/gateway-a/down"), down);
                ck_assert_int_eq(exists("services/gateway-a/data/down"), !down);
                ck_assert(exists("services/gateway-b/down") && !exists("services/gateway-b/data/down"));
        }
        ck_assert_int_eq(0, slot_stage(&slots, "gateway-c", "x", variables, "{}", SLOT_DOWN_NONE));
        ck_assert_int_eq(0, slot_commit(&slots, "gateway-c"));
        ck_assert_str_eq("TOKEN=x\n", text_of("services/gateway-c/env"));
        ck_assert_int_eq(0, slot_let_log_run(&slots, "gateway-b"));
        ck_assert(exists("services/gateway-a/log/down") && !exists("services/gateway-b/log/down"));
        /* Whoever writes into the variables of one in its place writes into those of that one. */
        put("services/gateway-b/env", "LEAK=1\n", 0640);
        stage("gateway-d");
        ck_assert_str_eq("", text_of("services/gateway-d/env"));
        ck_assert_str_eq("TOKEN=x\n", text_of("services/gateway-a/env"));
        assert_inode("services/gateway-d/env", S_IFREG, 0640, GROUP);
        /* Where the directory that it is made in is taken away, it is written, and the copy is made anew. */
        ck_assert_int_eq(0, unlinkat(at, MASTER "/fresh", AT_REMOVEDIR));
        stage("gateway-e");
        assert_inode("services/gateway-e/env", S_IFREG, 0640, GROUP);
        ck_assert(!exists(MASTER "/fresh"));
        stage("gateway-f");
        assert_inode("services/gateway-f/env", S_IFREG, 0640, GROUP);
        assert_inode(MASTER "/fresh", S_IFDIR, S_ISGID | 0700, GROUP);
        json_object_put(variables);
}
END_TEST

/* And into the copy itself, or takes it away, or has left another there. */
START_TEST(the_copy_is_another)
{
        make(MASTER, 0755);
        put(MASTER "/run", "#!/bin/xx\n", 0755);
        make(MASTER "/deep", 0755);
        stage("gateway-a");
        ck_assert_str_eq("#!/bin/sh\n", text_of("services/gateway-a/run"));
        ck_assert(!exists(MASTER "/deep"));
        ck_assert_int_eq(0, renameat(at, MASTER, at, "outside/taken"));
        stage("gateway-b");
        ck_assert_str_eq("#!/bin/sh\n", text_of("services/gateway-b/run"));
        ck_assert(!is_shared("run") && exists(MASTER));
        ck_assert_int_eq(0, unlinkat(at, MASTER "/finish", 0));
        ck_assert_int_eq(0, symlinkat("../outside/keep", at, MASTER "/finish"));
        stage("gateway-c");
        assert_inode("services/gateway-c/finish", S_IFREG, 0755, getegid());
}
END_TEST

/* Whatever keeps a file from being linked, and whenever. */
START_TEST(what_cannot_be_linked_is_copied)
{
        static const int errors[] = {EXDEV, EMLINK, EPERM, EOPNOTSUPP, ENOSYS, EACCES};

        stage("gateway-a");
        link_error = errors[_i];
        stage("gateway-b");
        ck_assert(!is_shared("run") && !is_shared("log/run"));
        ck_assert_str_eq("#!/bin/sh\n# log\n", text_of("services/gateway-b/log/run"));
        assert_inode("services/gateway-b/setuid", S_IFREG, 0711, getegid());
        link_error = 0;
        stage("gateway-c");
        /* Of too many links there is another first one. */
        ck_assert_int_eq(inode("services/gateway-a/run") == inode("services/gateway-c/run"),
                         errors[_i] != EMLINK);
}
END_TEST

/* What is written within a tick of the clock is not seen to be another. */
START_TEST(one_that_is_just_written_is_copied)
{
        ahead_usec = -3600000000;
        stage("gateway-a");
        stage("gateway-b");
        ck_assert(!is_shared("run") && !exists(MASTER));
        ahead_usec = 60000000;
        stage("gateway-c");
        ck_assert(exists(MASTER));
}
END_TEST

START_TEST(a_large_one_is_copied)
{
        char path[64];

        for (int i = 0; i < MASTER_ENTRIES; i++) {
                snprintf(path, sizeof(path), "template/more-%d", i);
                put(path, "", 0644);
        }
        stage("gateway-a");
        stage("gateway-b");
        ck_assert(!is_shared("run") && !exists(MASTER));
        ck_assert(exists("services/gateway-b/more-0"));
}
END_TEST

int main(void)
{
        TCase *cases;
        Suite *suite = slot_suite("edge_master", &cases);

        tcase_add_test(cases, files_are_shared);
        tcase_add_loop_test(cases, the_template_is_edited, 0, 6);
        tcase_add_test(cases, a_slot_is_written_to);
        tcase_add_test(cases, what_is_empty_stays_empty);
        tcase_add_test(cases, the_copy_is_another);
        tcase_add_loop_test(cases, what_cannot_be_linked_is_copied, 0, 6);
        tcase_add_test(cases, one_that_is_just_written_is_copied);
        tcase_add_test(cases, a_large_one_is_copied);
        return slot_run(suite);
}
