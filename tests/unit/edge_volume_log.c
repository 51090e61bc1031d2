/* SPDX-License-Identifier: ISC */
#include "daemon/edge/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <check.h>

#include "daemon/edge/volume_resolve.h"
#include "tests/unit/volume_fixture.h"

#define STRANGER 4711

START_TEST(logs)
{
        ck_assert_int_eq(0, append("logs/boot.log", "one\n"));
        assert_mode("home/logs", S_IFDIR | 0755);
        assert_mode("home/logs/boot.log", S_IFREG | 0644);
        ck_assert_int_eq(0, append("logs/boot.log", "two\n"));
        assert_reads("logs/boot.log", "one\ntwo\n");
        ck_assert_int_eq(0, fchmodat(at, "home/logs/boot.log", 0600, 0));
        ck_assert_int_eq(0, append("logs/boot.log", ""));
        assert_mode("home/logs/boot.log", S_IFREG | 0600); /* somebody's choice by now */
        ck_assert_int_eq(0, volume_append_log(volume, "top.log", "three", 2));
        assert_reads("top.log", "th");
        ck_assert_int_eq(-ENOTDIR, append("top.log/x", "x"));
        ck_assert_uint_eq(1, entries("home/logs"));
}
END_TEST

START_TEST(log_turns_over)
{
        make("home/logs", 0700);
        put_size("home/logs/boot.log", VOLUME_BOOT_LOG_BYTES - 1);
        ck_assert_int_eq(0, append("logs/boot.log", "xy"));
        ck_assert(!exists("home/logs/boot.log.1"));
        ck_assert_int_eq(VOLUME_BOOT_LOG_BYTES + 1, inode("home/logs/boot.log").st_size);
        put_size("home/logs/boot.log", VOLUME_BOOT_LOG_BYTES);
        ck_assert_int_eq(0, append("logs/boot.log", "new"));
        ck_assert_int_eq(VOLUME_BOOT_LOG_BYTES, inode("home/logs/boot.log.1").st_size);
        assert_reads("logs/boot.log", "new");
        assert_mode("home/logs/boot.log", S_IFREG | 0644);
        put_size("home/logs/boot.log", (off_t)1 << 40);
        ck_assert_int_eq(0, append("logs/boot.log", "newer"));
        ck_assert_int_eq((off_t)1 << 40, inode("home/logs/boot.log.1").st_size);
        assert_reads("logs/boot.log", "newer");
        /* A link in the way is displaced, not followed; a directory is an error. */
        ck_assert_int_eq(0, unlinkat(at, "home/logs/boot.log.1", 0));
        ck_assert_int_eq(0, symlinkat("../../outside/keep", at, "home/logs/boot.log.1"));
        put_size("home/logs/boot.log", VOLUME_BOOT_LOG_BYTES);
        ck_assert_int_eq(0, append("logs/boot.log", "x"));
        assert_mode("home/logs/boot.log.1", S_IFREG | 0600);
        ck_assert_int_eq(0, unlinkat(at, "home/logs/boot.log.1", 0));
        make("home/logs/boot.log.1", 0700);
        put_size("home/logs/boot.log", VOLUME_BOOT_LOG_BYTES);
        ck_assert_int_eq(-EISDIR, append("logs/boot.log", "x"));
        ck_assert_int_eq(VOLUME_BOOT_LOG_BYTES, inode("home/logs/boot.log").st_size);
}
END_TEST

static void assert_list(const char *path, size_t most, const char *expected)
{
        char **names = NULL, list[256] = "";
        size_t count = 4711, length = 0;

        ck_assert_int_eq(0, volume_directories(volume, path, most, &names, &count));
        ck_assert_ptr_nonnull(names);
        for (size_t i = 0; i < count; i++)
                length += (size_t)snprintf(list + length, sizeof(list) - length, "%s ", names[i]);
        ck_assert_str_eq(expected, list);
        volume_names_free(names, count);
}

START_TEST(lists)
{
        static const char *const names[] = {"c", "a", "e", "b-1", "b", "d", "B"};
        char path[64];

        hide_types = _i == 1;
        assert_list("nowhere", 10, "");
        assert_list("nowhere/none", 10, "");
        assert_list("profiles/x", 10, "");
        ck_assert_int_eq(0, unlinkat(at, "home/profiles/x", AT_REMOVEDIR));
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                snprintf(path, sizeof(path), "home/profiles/%s", names[i]);
                make(path, 0700);
        }
        make("home/profiles/.hidden", 0700);
        make("home/profiles/..hidden", 0700);
        put("home/profiles/a-file", "", 0600);
        ck_assert_int_eq(0, mkfifoat(at, "home/profiles/a-fifo", 0600));
        ck_assert_int_eq(0, symlinkat("../../outside", at, "home/profiles/a-link"));
        assert_list("profiles", 10, "B a b b-1 c d e ");
        assert_list("profiles", 7, "B a b b-1 c d e ");
        assert_list("profiles", 6, "B a b b-1 c d ");
        assert_list("profiles", 3, "B a b ");
        assert_list("profiles", 1, "B ");
        assert_list("profiles", 0, "");
        assert_list(".", 10, "profiles ");
        ck_assert_int_eq(-ENOTDIR, list_fails("profiles/a-file"));
        ck_assert_int_eq(-ENOTDIR, list_fails("profiles/a-fifo"));
        ck_assert_int_eq(-ELOOP, list_fails("profiles/a-link"));
}
END_TEST

/* The walk by itself, where openat2 would do. */
START_TEST(walks)
{
        int fd = volume_walk(volume, "profiles/x", O_PATH, 0);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_ne(0, fcntl(fd, F_GETFL) & O_PATH);
        ck_assert_int_eq(FD_CLOEXEC, fcntl(fd, F_GETFD));
        close(fd);
        fd = volume_walk(volume, "profiles/x", O_RDONLY, 0);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(0, fcntl(fd, F_GETFL) & O_PATH);
        ck_assert_int_eq(FD_CLOEXEC, fcntl(fd, F_GETFD));
        close(fd);
        fd = volume_walk(volume, ".", O_RDONLY, 0);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(0, fsync(fd));
        close(fd);
        ck_assert_int_eq(-ENOENT, volume_walk(volume, "profiles/y/z", O_PATH, 0));
        fd = volume_walk(volume, "profiles/y/z", O_RDONLY, 0750);
        ck_assert_int_ge(fd, 0);
        close(fd);
        assert_mode("home/profiles/y", S_IFDIR | 0750);
        assert_mode("home/profiles/y/z", S_IFDIR | 0750);
        assert_mode("home/profiles", S_IFDIR | 0755);
        put("home/file", "", 0600);
        ck_assert_int_eq(-ENOTDIR, volume_walk(volume, "file", O_PATH, 0));
        ck_assert_int_eq(-ENOTDIR, volume_walk(volume, "file/x", O_PATH, 0700));
        /* A mount in the volume is the operator's, and gone into. */
        if (!mount_at("home/profiles/x", "size=1m"))
                return;
        put("home/profiles/x/file", "mounted", 0600);
        assert_reads("profiles/x/file", "mounted");
        unmount("home/profiles/x");
}
END_TEST

START_TEST(reads_tails)
{
        static const struct {
                const char *text;
                size_t most;
                const char *tail;
        } cases[] = {
                {"", 10, ""},
                {"one", 10, "one"},
                {"one\ntwo\n", 8, "one\ntwo\n"},
                {"one\ntwo\n", 7, "two\n"},
                {"one\ntwo\n", 4, "two\n"},
                {"one\ntwo\n", 3, ""},
                {"one\ntwo", 5, "two"},
                {"a line that is too long", 5, ""},
                {"\n\n\n", 2, "\n\n"},
                {"one\n", 0, ""},
        };
        char *text = NULL;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                put("home/log", cases[i].text, 0600);
                ck_assert_int_eq(0, volume_read_tail(volume, "log", cases[i].most, &text));
                ck_assert_msg(strcmp(text, cases[i].tail) == 0, "%zu: %s", i, text);
                free(text);
        }
        put_size("home/log", 10); /* NULs, as a crash leaves them */
        ck_assert_int_eq(0, volume_read_tail(volume, "log", 3, &text));
        ck_assert_str_eq("\n\n\n", text);
        free(text);
        put_size("home/log", 1 << 30);
        ck_assert_int_eq(0, volume_read_tail(volume, "log", 5, &text));
        ck_assert_str_eq("\n\n\n\n\n", text);
        free(text);
}
END_TEST

static void add(TCase *cases)
{
        tcase_add_test(cases, logs);
        tcase_add_test(cases, log_turns_over);
        tcase_add_loop_test(cases, lists, 0, 2);
        tcase_add_test(cases, walks);
        tcase_add_test(cases, reads_tails);
}

int main(void)
{
        return run("edge_volume_log", add);
}
