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

START_TEST(opens)
{
        struct slots other = {.fd = 7, .template_fd = 7};
        const char *what = NULL;
        char path[160];

        assert_inode("services", S_IFDIR, 0755, getegid());
        snprintf(path, sizeof(path), "%s/none/services", root);
        ck_assert_int_eq(-ENOENT, slots_open(&other, path, template, GROUP, &what));
        ck_assert_str_eq(path, what);
        ck_assert_int_eq(-1, other.fd);
        snprintf(path, sizeof(path), "%s/none", root);
        ck_assert_int_eq(-ENOENT, slots_open(&other, services, path, GROUP, &what));
        ck_assert_str_eq(path, what);
        ck_assert(other.fd == -1 && other.template_fd == -1);
        snprintf(path, sizeof(path), "%s/outside/keep", root);
        ck_assert_int_eq(-ENOTDIR, slots_open(&other, path, template, GROUP, &what));
        ck_assert_int_eq(-EINVAL, slots_open(&other, "services", template, GROUP, &what));
        /* Left 0700 by a broker killed at the wrong moment. */
        ck_assert_int_eq(0, fchmodat(at, "services", 0700, 0));
        ck_assert_int_eq(0, slots_open(&other, services, template, GROUP, &what));
        assert_inode("services", S_IFDIR, 0755, getegid());
        slots_close(&other);
}
END_TEST

START_TEST(every_inode)
{
        gid_t gid = getegid();
        struct json_object *environment =
                environment_of("{\"TOKEN\":\"a b\\nc\",\"NONE\":\"\",\"_x1\":\"y\",\"E2\":\"\"}");

        ck_assert_int_eq(0, slot_stage(&slots, NAME, "coder", environment, "{\"a\":1}", SLOT_DOWN_BOTH));
        json_object_put(environment);
        ck_assert(exists("services/.gateway-coder") && !exists("services/gateway-coder"));
        ck_assert_int_eq(0, slot_commit(&slots, NAME));
        ck_assert_uint_eq(1, entries("services"));

#define IN "services/gateway-coder"
        assert_inode(IN, S_IFDIR, 0755, gid);
        ck_assert_uint_eq(11, entries(IN));
        assert_inode(IN "/run", S_IFREG, 0755, gid);
        assert_inode(IN "/finish", S_IFREG, 0755, gid);
        assert_inode(IN "/timeout-kill", S_IFREG, 0644, gid);
        assert_inode(IN "/private", S_IFREG, 0600, gid);
        assert_inode(IN "/setuid", S_IFREG, 0711, gid);
        assert_inode(IN "/down", S_IFREG, 0644, gid);
        assert_inode(IN "/supervise", S_IFDIR, 0700, gid);
        assert_inode(IN "/event", S_IFDIR, 0700, gid);
        ck_assert_uint_eq(0, entries(IN "/supervise"));
        ck_assert_uint_eq(0, entries(IN "/event"));
        assert_inode(IN "/log", S_IFDIR, 0755, gid);
        ck_assert_uint_eq(4, entries(IN "/log"));
        assert_inode(IN "/log/down", S_IFREG, 0644, gid);
        assert_inode(IN "/log/run", S_IFREG, 0555, gid);
        assert_inode(IN "/log/supervise", S_IFDIR, 0700, gid);
        assert_inode(IN "/log/event", S_IFDIR, 0700, gid);
        assert_inode(IN "/data", S_IFDIR, 0755, gid);
        ck_assert_uint_eq(4, entries(IN "/data"));
        assert_inode(IN "/data/check", S_IFREG, 0755, gid);
        assert_inode(IN "/data/profile", S_IFREG, 0644, gid);
        assert_inode(IN "/data/state", S_IFREG, 0600, gid);
        assert_inode(IN "/data/.state", S_IFREG, 0600, gid);
        assert_inode(IN "/env", S_IFREG, 0640, GROUP);
        ck_assert_str_eq("#!/bin/sh\n", text_of(IN "/run"));
        ck_assert_str_eq("#!/bin/sh\n# log\n", text_of(IN "/log/run"));
        ck_assert_str_eq("coder\n", text_of(IN "/data/profile"));
        ck_assert_str_eq("{\"a\":1}", text_of(IN "/data/state"));
        ck_assert_str_eq("", text_of(IN "/down"));
        ck_assert_str_eq("E2=\nNONE=\nTOKEN=a b\n c\n_x1=y\n", text_of(IN "/env"));
#undef IN
        ck_assert(slot_has_log(&slots, NAME));
        ck_assert(!slot_has_log(&slots, "gateway-other"));
}
END_TEST

START_TEST(up_and_without_log)
{
        ck_assert_int_eq(0, fchmodat(at, "template/log", 0755, 0));
        ck_assert_int_eq(0, unlinkat(at, "template/log/run", 0));
        ck_assert_int_eq(0, unlinkat(at, "template/log", AT_REMOVEDIR));
        stage_and_commit(NULL, false);
        ck_assert(!exists("services/gateway-coder/down"));
        ck_assert(!exists("services/gateway-coder/log"));
        ck_assert(!slot_has_log(&slots, NAME));
        ck_assert_int_eq(0, slot_log_is_down(&slots, NAME));
        assert_inode("services/gateway-coder/data/down", S_IFREG, 0644, getegid());
        ck_assert_str_eq("", text_of("services/gateway-coder/env"));
}
END_TEST

/* There is nothing to log until the gateway begins, and what is there of it is not needed any more. */
START_TEST(its_logger_waits)
{
        ck_assert_int_eq(0, slot_log_is_down(&slots, NAME));
        ck_assert_int_eq(0, slot_let_log_run(&slots, NAME));
        stage_and_commit(NULL, true);
        ck_assert_int_eq(1, slot_log_is_down(&slots, NAME));
        for (unsigned i = 0; i < 2; i++)
                ck_assert_int_eq(0, slot_let_log_run(&slots, NAME));
        ck_assert_int_eq(0, slot_log_is_down(&slots, NAME));
        ck_assert(exists("services/gateway-coder/down"));
        ck_assert_int_eq(0, slot_renew(&slots, NAME, "coder", NULL, "{}", SLOT_DOWN_OWN));
        ck_assert(exists("services/gateway-coder/down"));
        ck_assert_int_eq(0, slot_log_is_down(&slots, NAME));
        ck_assert_int_eq(0, slot_renew(&slots, NAME, "coder", NULL, "{}", SLOT_DOWN_BOTH));
        ck_assert_int_eq(1, slot_log_is_down(&slots, NAME));
}
END_TEST

static void bad_symlink(void)
{
        ck_assert_int_eq(0, symlinkat("../outside/keep", at, "template/link"));
}

static void bad_directory_symlink(void)
{
        ck_assert_int_eq(0, symlinkat("../outside", at, "template/link"));
}

static void bad_deep_symlink(void)
{
        ck_assert_int_eq(0, symlinkat("/etc/passwd", at, "template/data/link"));
}

static void bad_fifo(void)
{
        ck_assert_int_eq(0, mkfifoat(at, "template/fifo", 0600));
}

static void bad_socket(void)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", template);
        ck_assert_int_eq(0, bind(fd, (struct sockaddr *)&address, sizeof(address)));
        close(fd);
}

static void bad_depth(void)
{
        make("template/1", 0755);
        make("template/1/2", 0755);
        make("template/1/2/3", 0755);
        make("template/1/2/3/4", 0755);
        make("template/1/2/3/4/5", 0755);
}

static void bad_down(void)
{
        put("template/down", "", 0644);
}

static void bad_log_down(void)
{
        ck_assert_int_eq(0, fchmodat(at, "template/log", 0755, 0));
        put("template/log/down", "", 0644);
}

static void bad_supervise(void)
{
        make("template/supervise", 0700);
}

static void bad_environment(void)
{
        make("template/env", 0700);
}

static void bad_profile(void)
{
        put("template/data/profile", "x\n", 0644);
}

static void bad_log_event(void)
{
        ck_assert_int_eq(0, fchmodat(at, "template/log", 0755, 0));
        make("template/log/event", 0700);
}

static void bad_data(void)
{
        ck_assert_int_eq(0, unlinkat(at, "template/data/check", 0));
        ck_assert_int_eq(0, unlinkat(at, "template/data", AT_REMOVEDIR));
        put("template/data", "", 0644);
}

static void bad_unreadable(void)
{
        put("template/secret", "", 0);
}

static const struct {
        void (*spoil)(void);
        int error;
} bad_templates[] = {
        {bad_symlink, -ELOOP},     {bad_directory_symlink, -ELOOP}, {bad_deep_symlink, -ELOOP},
        {bad_fifo, -EINVAL},       {bad_socket, -EINVAL},           {bad_depth, -EINVAL},
        {bad_down, -EEXIST},       {bad_supervise, -EEXIST},        {bad_environment, -EEXIST},
        {bad_profile, -EEXIST},    {bad_log_event, -EEXIST},        {bad_data, -ENOTDIR},
        {bad_unreadable, -EACCES}, {bad_log_down, -EEXIST},
};
#define BAD_TEMPLATES (int)(sizeof(bad_templates) / sizeof(bad_templates[0]))

START_TEST(template_refused)
{
        bad_templates[_i].spoil();
        ck_assert_int_eq(bad_templates[_i].error,
                         slot_stage(&slots, NAME, "coder", NULL, "{}", SLOT_DOWN_NONE));
        ck_assert_uint_eq(0, entries("services"));
        ck_assert_str_eq("kept", text_of("outside/keep"));
}
END_TEST

START_TEST(template_depth_allowed)
{
        make("template/1", 0755);
        make("template/1/2", 0755);
        make("template/1/2/3", 0755);
        make("template/1/2/3/4", 0555);
        stage_and_commit(NULL, true);
        assert_inode("services/gateway-coder/1/2/3/4", S_IFDIR, 0755, getegid());
}
END_TEST

START_TEST(variables_refused)
{
        static const char *const bad[] = {
                "{\"\":\"x\"}",          "{\"../x\":\"x\"}",
                "{\"a/b\":\"x\"}",       "{\".empty\":\"x\"}",
                "{\"1a\":\"x\"}",        "{\"a-b\":\"x\"}",
                "{\"a\":\"x\\u0000y\"}", "{\"a\":1}",
                "{\"a\":null}",          "[]",
                "{\"..\":\"x\"}",        "{\"a b\":\"x\"}",
                "{\"a\\n\":\"x\"}",
        };

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct json_object *environment = environment_of(bad[i]);
                int result = slot_stage(&slots, NAME, "coder", environment, "{}", SLOT_DOWN_BOTH);

                ck_assert_msg(result == -EINVAL, "%s: %d", bad[i], result);
                json_object_put(environment);
                ck_assert_uint_eq(0, entries("services"));
        }
}
END_TEST

START_TEST(variables_at_the_limit)
{
        struct json_object *environment = json_object_new_object();
        char name[LIMIT_ENVIRONMENT_NAME_BYTES + 2];

        for (int i = 0; i < LIMIT_ENVIRONMENT_VARIABLES; i++) {
                memset(name, 'A', sizeof(name));
                name[LIMIT_ENVIRONMENT_NAME_BYTES] = '\0';
                name[0] = (char)('A' + i % 26);
                name[1] = (char)('A' + i / 26);
                json_object_object_add(environment, name, json_object_new_string(""));
        }
        ck_assert_int_eq(0, slot_stage(&slots, NAME, "coder", environment, "{}", SLOT_DOWN_BOTH));
        ck_assert_uint_eq(LIMIT_ENVIRONMENT_VARIABLES * (LIMIT_ENVIRONMENT_NAME_BYTES + 2),
                          strlen(text_of("services/.gateway-coder/env")));
        json_object_object_add(environment, "ONE_MORE", json_object_new_string(""));
        ck_assert_int_eq(-EINVAL, slot_stage(&slots, NAME, "coder", environment, "{}", SLOT_DOWN_BOTH));
        json_object_put(environment);
        memset(name, 'A', sizeof(name));
        name[LIMIT_ENVIRONMENT_NAME_BYTES + 1] = '\0';
        environment = json_object_new_object();
        json_object_object_add(environment, name, json_object_new_string("x"));
        ck_assert_int_eq(-EINVAL, slot_stage(&slots, NAME, "coder", environment, "{}", SLOT_DOWN_BOTH));
        json_object_put(environment);
}
END_TEST

/* Nothing but one plain name, for each function that takes one. */
START_TEST(names_refused)
{
        static const char *const bad[] = {"", ".", "..", ".x", "a/b", "../outside", "/etc"};
        char longest[LIMIT_SERVICE_NAME_BYTES + 2], buffer[64];
        char *text = NULL;
        bool changed = false;

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                ck_assert_int_eq(-EINVAL, slot_stage(&slots, bad[i], "x", NULL, "{}", SLOT_DOWN_BOTH));
                ck_assert_int_eq(-EINVAL, slot_commit(&slots, bad[i]));
                ck_assert_int_eq(-EINVAL, slot_remove(&slots, bad[i]));
                ck_assert_int_eq(-EINVAL, slot_clean(&slots, bad[i]));
                ck_assert_int_eq(-EINVAL, slot_set_down(&slots, bad[i], true));
                ck_assert_int_eq(-EINVAL, slot_write_state(&slots, bad[i], "{}"));
                ck_assert_int_eq(-EINVAL, slot_read_state(&slots, bad[i], &text));
                ck_assert_int_eq(-EINVAL, slot_read_profile(&slots, bad[i], buffer, sizeof(buffer)));
                ck_assert_int_eq(-EINVAL, slot_set_environment(&slots, bad[i], NULL, &changed));
                ck_assert(!slot_has_log(&slots, bad[i]));
        }
        ck_assert_str_eq("kept", text_of("outside/keep"));

        /* The longest goes all the way. */
        memset(longest, 'a', sizeof(longest));
        longest[LIMIT_SERVICE_NAME_BYTES + 1] = '\0';
        ck_assert_int_eq(-EINVAL, slot_stage(&slots, longest, "x", NULL, "{}", SLOT_DOWN_BOTH));
        longest[LIMIT_SERVICE_NAME_BYTES] = '\0';
        ck_assert_int_eq(0, slot_stage(&slots, longest, "x", NULL, "{}", SLOT_DOWN_BOTH));
        ck_assert_int_eq(0, slot_commit(&slots, longest));
        ck_assert_int_eq(0, slot_remove(&slots, longest));
        ck_assert_uint_eq(0, entries("services"));
}
END_TEST

START_TEST(commit_does_not_replace)
{
        ck_assert_int_eq(-ENOENT, slot_commit(&slots, NAME));
        stage_and_commit(NULL, true);
        ck_assert_int_eq(0, slot_stage(&slots, NAME, "other", NULL, "{}", SLOT_DOWN_NONE));
        ck_assert_int_eq(-EEXIST, slot_commit(&slots, NAME));
        ck_assert_str_eq("coder\n", text_of("services/gateway-coder/data/profile"));
        ck_assert(exists("services/gateway-coder/down"));
}
END_TEST

START_TEST(removes)
{
        ck_assert_int_eq(0, slot_remove(&slots, NAME));
        stage_and_commit("{\"A\":\"b\"}", true);
        ck_assert_int_eq(0, slot_remove(&slots, NAME));
        ck_assert_uint_eq(0, entries("services"));
        ck_assert_int_eq(0, slot_remove(&slots, NAME));
}
END_TEST

static ino_t inode_of(const char *path)
{
        struct stat info;

        ck_assert_int_eq(0, fstatat(at, path, &info, AT_SYMLINK_NOFOLLOW));
        return info.st_ino;
}

START_TEST(renews)
{
        struct json_object *environment = environment_of("{\"A\":\"b\"}");
        ino_t slot, log;

        ck_assert_int_ne(
                0, slot_renew(&slots, NAME, "coder", environment, "{}", SLOT_DOWN_BOTH)); /* of nothing */
        ck_assert_uint_eq(0, entries("services"));
        stage_and_commit("{\"A\":\"b\"}", true);
        put("services/gateway-coder/supervise/status", "left", 0644);
        put("services/gateway-coder/data/pgid", "77:12345\n", 0644);
        slot = inode_of("services/gateway-coder");
        log = inode_of("services/gateway-coder/log");
        ck_assert_int_eq(0, slot_renew(&slots, NAME, "coder", environment, "{\"n\":2}", SLOT_DOWN_NONE));
        json_object_put(environment);
        ck_assert_uint_eq(1, entries("services"));
        ck_assert_uint_ne(slot, inode_of("services/gateway-coder"));
        ck_assert_uint_ne(log, inode_of("services/gateway-coder/log"));
        ck_assert(!exists("services/gateway-coder/supervise/status"));
        ck_assert(!exists("services/gateway-coder/down"));
        ck_assert_str_eq("{\"n\":2}", text_of("services/gateway-coder/data/state"));
        ck_assert_str_eq("A=b\n", text_of("services/gateway-coder/env"));
        ck_assert_str_eq("77:12345\n",
                         text_of("services/gateway-coder/data/pgid")); /* what is left of it is ended yet */
        ck_assert(!exists("services/gateway-coder/data/log-pgid"));
}
END_TEST

START_TEST(renews_nothing_that_cannot_be_made)
{
        stage_and_commit("{\"A\":\"b\"}", true);
        ck_assert_int_eq(0, symlinkat("../outside/keep", at, "template/link"));
        ck_assert_int_eq(-ELOOP, slot_renew(&slots, NAME, "coder", NULL, "{}", SLOT_DOWN_NONE));
        ck_assert_uint_eq(1, entries("services"));
        ck_assert(exists("services/gateway-coder/down"));
        ck_assert_str_eq("A=b\n", text_of("services/gateway-coder/env"));
}
END_TEST

int main(void)
{
        TCase *cases;
        Suite *suite = slot_suite("edge_slot", &cases);

        tcase_add_test(cases, opens);
        tcase_add_test(cases, every_inode);
        tcase_add_test(cases, its_logger_waits);
        tcase_add_test(cases, up_and_without_log);
        tcase_add_loop_test(cases, template_refused, 0, BAD_TEMPLATES);
        tcase_add_test(cases, template_depth_allowed);
        tcase_add_test(cases, variables_refused);
        tcase_add_test(cases, variables_at_the_limit);
        tcase_add_test(cases, names_refused);
        tcase_add_test(cases, commit_does_not_replace);
        tcase_add_test(cases, removes);
        tcase_add_test(cases, renews);
        tcase_add_test(cases, renews_nothing_that_cannot_be_made);
        return slot_run(suite);
}
