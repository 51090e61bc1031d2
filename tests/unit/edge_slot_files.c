/* SPDX-License-Identifier: ISC */
#include "slot_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/capability.h>
#include <sys/un.h>
#include <sys/socket.h>
#include <unistd.h>

#include <json-c/json.h>

#include "proto/limits.h"

/* What s6 and people leave in a slot. Without CAP_DAC_OVERRIDE a directory's mode counts. */
START_TEST(removes_the_strange)
{
        char path[256];

        stage_and_commit(NULL, true);
#define IN "services/gateway-coder"
        ck_assert_int_eq(0, mkfifoat(at, IN "/supervise/control", 0600));
        put(IN "/supervise/lock", "", 0);
        ck_assert_int_eq(0, symlinkat("../../outside", at, IN "/directory-link"));
        ck_assert_int_eq(0, symlinkat("../../../outside/keep", at, IN "/data/file-link"));
        snprintf(path, sizeof(path), "%s/outside", root);
        ck_assert_int_eq(0, symlinkat(path, at, IN "/event/absolute"));
        ck_assert_int_eq(0, linkat(at, "outside/keep", at, IN "/hard-link", 0));
        make(IN "/locked", 0755);
        make(IN "/locked/inner", 0755);
        put(IN "/locked/inner/file", "x", 0444);
        ck_assert_int_eq(0, fchmodat(at, IN "/locked/inner", 0, 0));
        ck_assert_int_eq(0, fchmodat(at, IN "/locked", 0555, 0));
        for (int i = 0; i < 500; i++) {
                snprintf(path, sizeof(path), IN "/event/%0100d", i);
                put(path, "", 0600);
        }
        ck_assert_int_eq(0, fchmodat(at, IN, 0500, 0));
        ck_assert_int_eq(0, slot_remove(&slots, NAME));
        ck_assert_uint_eq(0, entries("services"));
        ck_assert_uint_eq(1, entries("outside"));
        ck_assert_str_eq("kept", text_of("outside/keep"));
        assert_inode("outside", S_IFDIR, 0755, getegid());
        assert_inode("outside/keep", S_IFREG, 0644, getegid());
#undef IN
}
END_TEST

/* A slot's name that is a link: the link goes, not where it leads. */
START_TEST(removes_a_link)
{
        ck_assert_int_eq(0, symlinkat("../outside", at, "services/gateway-coder"));
        ck_assert_int_eq(0, symlinkat("../outside", at, "services/.gateway-coder"));
        ck_assert_int_eq(0, symlinkat("../outside", at, "services/.gateway-coder~"));
        ck_assert_int_lt(slot_clean(&slots, NAME), 0);
        ck_assert_int_lt(slot_set_down(&slots, NAME, true), 0);
        ck_assert_int_lt(slot_write_state(&slots, NAME, "{}"), 0);
        ck_assert_uint_eq(1, entries("outside"));
        ck_assert_int_eq(0, slot_remove(&slots, NAME));
        ck_assert_uint_eq(0, entries("services"));
        ck_assert_str_eq("kept", text_of("outside/keep"));
}
END_TEST

/* A broker can be killed at any instruction: half a stage, half a removal, half a change of anything. */
START_TEST(crash_leftovers)
{
        bool changed = false;

        make("services/.gateway-coder", 0700);
        make("services/.gateway-coder/log", 0755);
        put("services/.gateway-coder/stale", "x", 0600);
        make("services/.gateway-coder~", 0755);
        make("services/.gateway-coder~/supervise", 0700);
        put("services/.gateway-coder~/supervise/status", "x", 0644);
        stage_and_commit("{\"A\":\"b\"}", true);
        ck_assert(!exists("services/gateway-coder/stale"));

        put("services/gateway-coder/data/.state", "half", 0600);
        ck_assert_int_eq(0, slot_write_state(&slots, NAME, "whole"));
        ck_assert_str_eq("whole", text_of("services/gateway-coder/data/state"));
        make("services/gateway-coder/.env.new", 0700);
        put("services/gateway-coder/.env.new/A", "half", 0600);
        ck_assert_int_eq(0, slot_set_environment(&slots, NAME, NULL, &changed));
        ck_assert(changed);
        ck_assert(!exists("services/gateway-coder/.env.new"));

        make("services/.gateway-coder", 0700);
        ck_assert_int_eq(0, slot_remove(&slots, NAME));
        ck_assert_uint_eq(0, entries("services"));
}
END_TEST

START_TEST(cleans)
{
        gid_t gid = getegid();

        stage_and_commit("{\"A\":\"b\"}", true);
#define IN "services/gateway-coder"
        put(IN "/supervise/status", "x", 0644);
        put(IN "/supervise/death_tally", "x", 0644);
        ck_assert_int_eq(0, mkfifoat(at, IN "/supervise/control", 0600));
        ck_assert_int_eq(0, mkfifoat(at, IN "/event/ftrig1", 0600));
        ck_assert_int_eq(0, symlinkat("../../../outside/keep", at, IN "/event/link"));
        put(IN "/log/supervise/status", "x", 0644);
        put(IN "/log/event/x", "x", 0644);
        ck_assert_int_eq(0, fchmodat(at, IN "/supervise", 0755, 0));
        ck_assert_int_eq(0, unlinkat(at, IN "/log/event/x", 0));
        ck_assert_int_eq(0, unlinkat(at, IN "/log/event", AT_REMOVEDIR));
        ck_assert_int_eq(0, slot_clean(&slots, NAME));
        assert_inode(IN "/supervise", S_IFDIR, 0700, gid);
        assert_inode(IN "/event", S_IFDIR, 0700, gid);
        assert_inode(IN "/log/supervise", S_IFDIR, 0700, gid);
        assert_inode(IN "/log/event", S_IFDIR, 0700, gid);
        ck_assert_uint_eq(0, entries(IN "/supervise") + entries(IN "/event") + entries(IN "/log/supervise"));
        ck_assert_str_eq("coder\n", text_of(IN "/data/profile"));
        ck_assert_str_eq("A=b\n", text_of(IN "/env"));
        ck_assert_str_eq("kept", text_of("outside/keep"));
        /* A link in the directory's place is not gone into. */
        ck_assert_int_eq(0, unlinkat(at, IN "/event", AT_REMOVEDIR));
        ck_assert_int_eq(0, symlinkat("../../outside", at, IN "/event"));
        ck_assert_int_lt(slot_clean(&slots, NAME), 0);
        ck_assert_str_eq("kept", text_of("outside/keep"));
        ck_assert_int_eq(-ENOENT, slot_clean(&slots, "gateway-other"));
#undef IN
}
END_TEST

START_TEST(down_file)
{
        ck_assert_int_eq(-ENOENT, slot_set_down(&slots, NAME, true));
        ck_assert_int_eq(-ENOENT, slot_set_down(&slots, NAME, false));
        stage_and_commit(NULL, false);
        ck_assert_int_eq(0, slot_set_down(&slots, NAME, true));
        ck_assert_int_eq(0, slot_set_down(&slots, NAME, true));
        assert_inode("services/gateway-coder/down", S_IFREG, 0644, getegid());
        ck_assert_int_eq(0, slot_set_down(&slots, NAME, false));
        ck_assert_int_eq(0, slot_set_down(&slots, NAME, false));
        ck_assert(!exists("services/gateway-coder/down"));
}
END_TEST

START_TEST(state_file)
{
        char longest[4096 + 2];
        char *text = NULL;
        struct stat before, after;
        int fd;

        memset(longest, 'x', sizeof(longest));
        longest[sizeof(longest) - 1] = '\0';
        ck_assert_int_eq(-ENOENT, slot_read_state(&slots, NAME, &text));
        ck_assert_int_eq(-ENOENT, slot_write_state(&slots, NAME, "x"));
        stage_and_commit(NULL, true);
        ck_assert_int_eq(0, fstatat(at, "services/gateway-coder/data/state", &before, 0));
        ck_assert_int_eq(-EFBIG, slot_write_state(&slots, NAME, longest));
        longest[4096] = '\0';
        ck_assert_int_eq(0, slot_write_state(&slots, NAME, longest));
        assert_inode("services/gateway-coder/data/state", S_IFREG, 0600, getegid());
        ck_assert_int_eq(0, fstatat(at, "services/gateway-coder/data/state", &after, 0));
        ck_assert_uint_ne(before.st_ino, after.st_ino); /* replaced, not written over */
        ck_assert_int_eq(0, slot_read_state(&slots, NAME, &text));
        ck_assert_str_eq(longest, text);
        free(text);
        text = NULL;
        longest[4096] = 'x';
        put("services/gateway-coder/data/state", longest, 0600);
        ck_assert_int_eq(-EFBIG, slot_read_state(&slots, NAME, &text));
        put("services/gateway-coder/data/state", "", 0600);
        ck_assert_int_eq(0, slot_read_state(&slots, NAME, &text));
        ck_assert_str_eq("", text);
        free(text);
        text = NULL;
        fd = openat(at, "services/gateway-coder/data/state", O_WRONLY | O_CLOEXEC);
        ck_assert_int_eq(3, write(fd, "a\0b", 3));
        close(fd);
        ck_assert_int_eq(-EBADMSG, slot_read_state(&slots, NAME, &text));
        ck_assert_int_eq(0, unlinkat(at, "services/gateway-coder/data/state", 0));
        ck_assert_int_eq(0, symlinkat("../../../outside/keep", at, "services/gateway-coder/data/state"));
        ck_assert_int_eq(-ELOOP, slot_read_state(&slots, NAME, &text));
        ck_assert_ptr_null(text);
        ck_assert_int_eq(0, slot_write_state(&slots, NAME, "new"));
        ck_assert_str_eq("kept", text_of("outside/keep"));
        ck_assert_int_eq(-EFBIG, slot_stage(&slots, NAME, "coder", NULL, longest, SLOT_DOWN_BOTH));
        ck_assert(!exists("services/.gateway-coder"));
}
END_TEST

START_TEST(profile_file)
{
        static const char *const bad[] = {"", "coder", "coder\nx", "coder\nx\n", "a\n\n"};
        char buffer[8] = "before";

        stage_and_commit(NULL, true);
        ck_assert_int_eq(-ENAMETOOLONG, slot_read_profile(&slots, NAME, buffer, 5));
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                put("services/gateway-coder/data/profile", bad[i], 0644);
                ck_assert_int_eq(-EBADMSG, slot_read_profile(&slots, NAME, buffer, sizeof(buffer)));
        }
        ck_assert_str_eq("before", buffer);
        put("services/gateway-coder/data/profile", "coder\n", 0644);
        ck_assert_int_eq(0, slot_read_profile(&slots, NAME, buffer, 6));
        ck_assert_str_eq("coder", buffer);
}
END_TEST

static bool set_environment(const char *text)
{
        struct json_object *environment = text != NULL ? environment_of(text) : NULL;
        bool changed = false;

        ck_assert_int_eq(0, slot_set_environment(&slots, NAME, environment, &changed));
        json_object_put(environment);
        ck_assert(!exists("services/gateway-coder/.env.new"));
        return changed;
}

static ino_t environment_inode(void)
{
        struct stat found;

        ck_assert_int_eq(0, fstatat(at, "services/gateway-coder/env", &found, 0));
        return found.st_ino;
}

START_TEST(environment_replaced)
{
        bool changed = true;
        struct json_object *bad;
        ino_t before;

        stage_and_commit("{\"A\":\"1\",\"B\":\"\"}", true);
        before = environment_inode();
        ck_assert(!set_environment("{\"A\":\"1\",\"B\":\"\"}"));
        ck_assert_uint_eq(before, environment_inode()); /* somebody may be reading it */
        ck_assert(set_environment("{\"A\":\"2\",\"B\":\"\"}"));
        ck_assert_uint_ne(before, environment_inode());
        ck_assert_str_eq("A=2\nB=\n", text_of("services/gateway-coder/env"));
        ck_assert(set_environment("{\"A\":\"2\",\"B\":\"x\"}"));
        ck_assert(set_environment("{\"A\":\"2\"}"));
        ck_assert_str_eq("A=2\n", text_of("services/gateway-coder/env"));
        ck_assert(set_environment("{\"C\":\"2\"}"));
        ck_assert(set_environment("{\"C\":\"2\",\"D\":\"\"}"));
        ck_assert_str_eq("C=2\nD=\n", text_of("services/gateway-coder/env"));
        ck_assert(!set_environment("{\"D\":\"\",\"C\":\"2\"}")); /* in whatever order */
        ck_assert(set_environment(NULL));
        ck_assert(!set_environment("{}"));
        assert_inode("services/gateway-coder/env", S_IFREG, 0640, GROUP);

        bad = environment_of("{\"A/B\":\"x\"}");
        ck_assert(set_environment("{\"A\":\"1\"}"));
        ck_assert_int_eq(-EINVAL, slot_set_environment(&slots, NAME, bad, &changed));
        ck_assert(changed); /* untouched */
        ck_assert(!exists("services/gateway-coder/.env.new"));
        ck_assert_str_eq("A=1\n", text_of("services/gateway-coder/env"));
        json_object_put(bad);
        ck_assert_int_eq(-ENOENT, slot_set_environment(&slots, "gateway-other", NULL, &changed));
}
END_TEST

/* The same content with other rights (the client user was remapped), or none at all, is put right. */
START_TEST(environment_mended)
{
#define ENV "services/gateway-coder/env"
        stage_and_commit("{\"A\":\"1\"}", true);
        slots.client_gid = GROUP + 1;
        ck_assert(!set_environment("{\"A\":\"1\"}"));
        assert_inode(ENV, S_IFREG, 0640, GROUP + 1);
        ck_assert_int_eq(0, fchmodat(at, ENV, 0666, 0));
        ck_assert(!set_environment("{\"A\":\"1\"}"));
        assert_inode(ENV, S_IFREG, 0640, GROUP + 1);
        ck_assert_int_eq(0, unlinkat(at, ENV, 0));
        ck_assert_int_eq(0, symlinkat("../../outside/keep", at, ENV));
        ck_assert(set_environment("{\"A\":\"kept\"}"));
        assert_inode(ENV, S_IFREG, 0640, GROUP + 1);
        ck_assert_str_eq("kept", text_of("outside/keep"));
        ck_assert_int_eq(0, unlinkat(at, ENV, 0));
        ck_assert(set_environment("{\"A\":\"kept\"}"));
        assert_inode(ENV, S_IFREG, 0640, GROUP + 1);
#undef ENV
}
END_TEST

/* A slot of an older broker, which may live: its scripts read a directory with a file for each variable. */
START_TEST(environment_of_an_older_broker)
{
        struct json_object *environment = NULL;
        struct json_object *expected = environment_of("{\"A\":\"1\\n 2\",\"E\":\"\"}");

#define ENV "services/gateway-coder/env"
        stage_and_commit(NULL, true);
        ck_assert_int_eq(0, unlinkat(at, ENV, 0));
        make(ENV, 0750);
        put(ENV "/A", "1\n 2", 0640);
        put(ENV "/E", "", 0640);
        put(ENV "/.empty", "E\n", 0640);
        ck_assert_int_eq(0, slot_read_environment(&slots, NAME, &environment));
        ck_assert(json_object_equal(environment, expected));
        json_object_put(environment);
        json_object_put(expected);
        ck_assert(!set_environment("{\"A\":\"1\\n 2\",\"E\":\"\"}"));
        ck_assert(set_environment("{\"B\":\"x\",\"E\":\"\",\"F\":\"\"}"));
        assert_inode(ENV, S_IFDIR, 0750, GROUP);
        assert_inode(ENV "/B", S_IFREG, 0640, GROUP);
        ck_assert(!exists(ENV "/A"));
        ck_assert_str_eq("x", text_of(ENV "/B"));
        ck_assert_str_eq("E\nF\n", text_of(ENV "/.empty"));
        ck_assert(set_environment(NULL));
        ck_assert_uint_eq(1, entries(ENV));
        ck_assert_int_eq(0, slot_read_environment(&slots, NAME, &environment));
        ck_assert_ptr_null(environment);
        ck_assert_int_eq(0, symlinkat("../../../outside/keep", at, ENV "/LINK"));
        ck_assert_int_ne(0, slot_read_environment(&slots, NAME, &environment));
        /* What it lacks is made, what was begun in it goes; where it was killed between two renames, what is
         * new is complete. */
        ck_assert_int_eq(0, unlinkat(at, "services/gateway-coder/data/.state", 0));
        make("services/gateway-coder/.env.new", 0700);
        put("services/gateway-coder/.env.new/A", "half", 0600);
        slot_tidy(&slots, NAME);
        ck_assert(!exists("services/gateway-coder/.env.new"));
        assert_inode("services/gateway-coder/data/.state", S_IFREG, 0600, getegid());
        ck_assert(!exists("services/gateway-coder/data/down")); /* it is in the slot */
        ck_assert_int_eq(0, renameat(at, ENV, at, "services/gateway-coder/.env.old"));
        make("services/gateway-coder/.env.new", 0750);
        put("services/gateway-coder/.env.new/A", "whole", 0640);
        slot_tidy(&slots, NAME);
        ck_assert_str_eq("whole", text_of(ENV "/A"));
        ck_assert(!exists("services/gateway-coder/.env.old"));
#undef ENV
}
END_TEST

/* In two steps: until the second nothing has changed, and what is the same is not put in place. */
START_TEST(environment_in_two_steps)
{
        struct json_object *other = environment_of("{\"B\":\"2\"}");
        bool changed = false;
        ino_t before;

        stage_and_commit("{\"A\":\"1\"}", true);
        before = environment_inode();
        ck_assert_int_eq(0, slot_prepare_environment(&slots, NAME, other, &changed));
        ck_assert(changed);
        ck_assert_str_eq("A=1\n", text_of("services/gateway-coder/env"));
        slot_drop_environment(&slots, NAME);
        ck_assert(!exists("services/gateway-coder/.env.new"));
        ck_assert_int_eq(0, slot_take_environment(&slots, NAME));
        ck_assert_uint_eq(before, environment_inode());
        ck_assert_int_eq(0, slot_prepare_environment(&slots, NAME, other, &changed));
        ck_assert_int_eq(0, slot_take_environment(&slots, NAME));
        ck_assert_str_eq("B=2\n", text_of("services/gateway-coder/env"));
        ck_assert_int_eq(0, slot_prepare_environment(&slots, NAME, other, &changed));
        ck_assert(!changed);
        ck_assert(!exists("services/gateway-coder/.env.new"));
        json_object_put(other);
}
END_TEST

static const char *const bad_files[] = {"A",       "=x\n",    "A=1",     "A=1\nB", " x\n",
                                        "A=1\n\n", "A-B=1\n", "A=1\n x", "\n",     "A\nB=1\n"};

/* Not what we write: then nobody knows what it should be, and the volume keeps what it has. */
START_TEST(environment_file_damaged)
{
        struct json_object *environment = (struct json_object *)&slots;

        stage_and_commit(NULL, true);
        put("services/gateway-coder/env", bad_files[_i], 0640);
        ck_assert_int_eq(-EBADMSG, slot_read_environment(&slots, NAME, &environment));
        ck_assert_ptr_eq(environment, &slots);
        ck_assert(set_environment("{\"A\":\"1\"}"));
}
END_TEST

/* A container without CAP_SETGID: nothing is given away, nothing is opened wider. */
START_TEST(without_the_group)
{
        cap_t none;

        slots.client_gid = GROUP;
        none = cap_init();
        ck_assert_int_eq(0, cap_set_proc(none));
        cap_free(none);
        stage_and_commit("{\"A\":\"1\"}", true);
        assert_inode("services/gateway-coder/env", S_IFREG, 0640, getegid());
        assert_inode("services/gateway-coder/data/state", S_IFREG, 0600, getegid());
}
END_TEST

/* What it was given is what is read: it becomes the volume's record. */
START_TEST(environment_read_back)
{
        static const char given[] = "{\"A\":\"1\",\"EMPTY\":\"\",\"LINES\":\"a\\n\\nb\\n\",\"SPACED\":\" "
                                    "a\\n  b\\n=c=\",\"U\":\"\\u00e9 '$(x)\"}";
        struct json_object *environment = NULL;
        struct json_object *expected = environment_of(given);

        stage_and_commit(given, true);
        ck_assert_int_eq(0, slot_read_environment(&slots, NAME, &environment));
        ck_assert(json_object_equal(environment, expected));
        json_object_put(environment);
        json_object_put(expected);
        set_environment(NULL);
        environment = (struct json_object *)&slots;
        ck_assert_int_eq(0, slot_read_environment(&slots, NAME, &environment));
        ck_assert_ptr_null(environment);
        ck_assert_int_eq(-ENOENT, slot_read_environment(&slots, "gateway-other", &environment));
        ck_assert_int_eq(0, unlinkat(at, "services/gateway-coder/env", 0));
        ck_assert_int_eq(-ENOENT, slot_read_environment(&slots, NAME, &environment));
        ck_assert_int_eq(0, symlinkat("../../outside/keep", at, "services/gateway-coder/env"));
        ck_assert_int_ne(0, slot_read_environment(&slots, NAME, &environment));
}
END_TEST

int main(void)
{
        TCase *cases;
        Suite *suite = slot_suite("edge_slot_files", &cases);

        tcase_add_test(cases, removes_the_strange);
        tcase_add_test(cases, removes_a_link);
        tcase_add_test(cases, crash_leftovers);
        tcase_add_test(cases, cleans);
        tcase_add_test(cases, down_file);
        tcase_add_test(cases, state_file);
        tcase_add_test(cases, profile_file);
        tcase_add_test(cases, environment_replaced);
        tcase_add_test(cases, environment_mended);
        tcase_add_test(cases, environment_of_an_older_broker);
        tcase_add_test(cases, environment_in_two_steps);
        tcase_add_loop_test(cases, environment_file_damaged, 0,
                            (int)(sizeof(bad_files) / sizeof(bad_files[0])));
        tcase_add_test(cases, environment_read_back);
        tcase_add_test(cases, without_the_group);
        return slot_run(suite);
}
