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

START_TEST(opens)
{
        char path[128];
        int fd;

        ck_assert_int_eq(-ENOENT, volume_open("/nowhere/at/all"));
        ck_assert_int_eq(-ENOTDIR, volume_open("/proc/self/status"));
        snprintf(path, sizeof(path), "%s/home-link", root);
        ck_assert_int_eq(0, symlink(home, path));
        fd = volume_open(path); /* the operator's choice */
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(FD_CLOEXEC, fcntl(fd, F_GETFD));
        ck_assert_int_ne(0, fcntl(fd, F_GETFL) & O_PATH);
        close(fd);
}
END_TEST

START_TEST(paths_refused)
{
        static const char *const bad[] = {"",
                                          "/",
                                          "/etc/passwd",
                                          "..",
                                          "../outside/keep",
                                          "a/..",
                                          "a/../b",
                                          "./a",
                                          "a/./b",
                                          "a//b",
                                          "a/",
                                          "a/.",
                                          "//",
                                          "profiles/../../outside/keep"};
        char longest[5000], component[NAME_MAX + 3] = {0};
        char path[NAME_MAX + 16];

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_refused(bad[i], -EINVAL);
        memset(longest, 'x', sizeof(longest));
        for (size_t i = 100; i < sizeof(longest); i += 100)
                longest[i] = '/';
        longest[sizeof(longest) - 1] = '\0';
        assert_refused(longest, -ENAMETOOLONG);
        memset(component, 'x', NAME_MAX + 1);
        ck_assert_int_eq(-ENAMETOOLONG, read_fails(component));
        ck_assert_int_eq(-ENAMETOOLONG, volume_walk(volume, component, O_PATH, 0700));
        ck_assert_int_eq(-ENAMETOOLONG, replace_one(component, "x", false, false));
        component[NAME_MAX] = '\0';
        ck_assert_int_eq(-ENOENT, read_fails(component));
        ck_assert_int_eq(-ENAMETOOLONG, replace_one(component, "x", false, false)); /* no room for ours */
        component[NAME_MAX - 11] = '\0';
        ck_assert_int_eq(0, replace_one(component, "x", false, false));
        component[NAME_MAX - 11] = 'x';
        put_size("home/log", 0);
        component[NAME_MAX - 1] = '\0';
        snprintf(path, sizeof(path), "home/%s", component);
        put_size(path, VOLUME_BOOT_LOG_BYTES);
        ck_assert_int_eq(-ENAMETOOLONG, append(component, "x"));
}
END_TEST

/* A name that begins with dots is a name. */
START_TEST(dots_in_names)
{
        ck_assert_int_eq(0, replace_one("..x", "a", false, false));
        ck_assert_int_eq(0, replace_one(".../.y", "b", false, true));
        assert_reads("..x", "a");
        assert_reads(".../.y", "b");
}
END_TEST

START_TEST(reads)
{
        char big[VOLUME_FILE_BYTES + 2];
        int fd;

        ck_assert_int_eq(-ENOENT, read_fails("none"));
        ck_assert_int_eq(-ENOENT, read_fails("none/none"));
        put("home/file", "text", 0600);
        put("home/profiles/x/empty", "", 0600);
        assert_reads("file", "text");
        assert_reads("profiles/x/empty", "");
        ck_assert_int_eq(-ENOTDIR, read_fails("file/x"));
        memset(big, 'x', sizeof(big));
        big[VOLUME_FILE_BYTES + 1] = '\0';
        put("home/big", big, 0600);
        ck_assert_int_eq(-EFBIG, read_fails("big"));
        big[VOLUME_FILE_BYTES] = '\0';
        put("home/big", big, 0600);
        assert_reads("big", big);
        put_size("home/huge", (off_t)1 << 40);
        ck_assert_int_eq(-EFBIG, read_fails("huge"));
        put_size("home/nul", 1);
        ck_assert_int_eq(-EBADMSG, read_fails("nul"));
        put("home/tail", "ab", 0600);
        fd = openat(at, "home/tail", O_WRONLY | O_APPEND);
        ck_assert_int_eq(1, write(fd, "", 1));
        close(fd);
        ck_assert_int_eq(-EBADMSG, read_fails("tail"));
}
END_TEST

/* Not of any use where nobody may read; and no more power than the user whom the thread is. */
START_TEST(strangers)
{
        char *text = NULL;

        if (geteuid() != 0) {
                errno = EPERM;
                left_out("strangers need root");
                return;
        }
        ck_assert_int_eq(0, chmod(root, 0755));
        put("home/secret", "s", 0600);
        put("home/known", "k", 0644);
        make("home/searched", 0711);
        put("home/searched/file", "f", 0644);
        ck_assert_int_eq(0, seteuid(STRANGER));
        ck_assert_int_eq(-EACCES, read_fails("secret"));
        ck_assert_int_eq(-EACCES, volume_is_locked(volume, "secret"));
        ck_assert_int_eq(-EACCES, append("secret", "x"));
        ck_assert_int_eq(-EACCES, volume_remove(volume, "secret"));
        ck_assert_int_eq(-EACCES, replace_one("secret", "x", true, false));
        ck_assert_int_eq(-EACCES, replace_one("a/b", "x", true, true));
        ck_assert_int_eq(-EACCES, list_fails("searched"));
        ck_assert_int_eq(0, volume_read(volume, "searched/file", &text)); /* needs no right to list */
        free(text);
        ck_assert_int_eq(0, volume_is_locked(volume, "known"));
        ck_assert_int_eq(0, seteuid(0));
}
END_TEST

START_TEST(replaces)
{
        struct stat before;
        struct volume_file one;

        put("home/file", "old", 0644);
        before = inode("home/file");
        ck_assert_int_eq(0, replace_one("file", "new", false, false));
        ck_assert_str_eq("r", steps);
        assert_reads("file", "new");
        assert_mode("home/file", S_IFREG | 0600);
        ck_assert_uint_ne(before.st_ino, inode("home/file").st_ino);
        ck_assert_int_eq(0, replace_one("file", "", true, false));
        ck_assert_str_eq("frd", steps);
        assert_reads("file", "");
        ck_assert_int_eq(0, replace_one("profiles/x/new", "1", true, false));
        ck_assert_int_eq(0, replace_one("profiles/x/new", NULL, true, false));
        ck_assert_str_eq("d", steps);
        ck_assert(!exists("home/profiles/x/new"));
        ck_assert_int_eq(0, replace_one("profiles/x/new", NULL, false, false));
        ck_assert_str_eq("", steps);
        ck_assert_uint_eq(0, entries("home/profiles/x"));
        ck_assert_uint_eq(2, entries("home"));
        volume_replace(volume, NULL, 0, true);
        /* Any mode, whatever the umask; and never the length of a C string. */
        one = file("wide", "abc", false);
        one.mode = 0664;
        one.length = 2;
        volume_replace(volume, &one, 1, false);
        ck_assert_int_eq(0, one.result);
        assert_mode("home/wide", S_IFREG | 0664);
        assert_reads("wide", "ab");
}
END_TEST

START_TEST(replaces_at_the_limit)
{
        static char big[VOLUME_FILE_BYTES + 2];

        memset(big, 'x', sizeof(big) - 1);
        ck_assert_int_eq(-EFBIG, replace_one("file", big, false, false));
        ck_assert_uint_eq(1, entries("home"));
        big[VOLUME_FILE_BYTES] = '\0';
        ck_assert_int_eq(0, replace_one("file", big, false, false));
        assert_reads("file", big);
}
END_TEST

START_TEST(writes_in_pieces)
{
        short_writes = true;
        ck_assert_int_eq(0, replace_one("file", "ten bytes.", true, false));
        ck_assert_int_eq(0, append("log", "nine more"));
        short_writes = false;
        assert_reads("file", "ten bytes.");
        assert_reads("log", "nine more");
}
END_TEST

START_TEST(nothing_is_inherited)
{
        inherited = 0;
        ck_assert_int_eq(0, replace_one("a/b/file", "1", true, true));
        ck_assert_int_eq(0, replace_one("a/b/file", NULL, true, true));
        ck_assert_int_eq(0, append("logs/log", "1"));
        ck_assert_int_eq(0, append("logs/log", "2"));
        ck_assert_int_eq(0, volume_is_locked(volume, "logs/log"));
        assert_reads("logs/log", "12");
        ck_assert_uint_eq(0, inherited);
}
END_TEST

START_TEST(makes_directories)
{
        int fd;

        ck_assert_int_eq(-ENOENT, replace_one(".svcbroker/intent/x", "1", true, false));
        ck_assert_int_eq(0, replace_one(".svcbroker/intent/x", NULL, true, true));
        ck_assert(!exists("home/.svcbroker"));
        ck_assert_int_eq(0, replace_one(".svcbroker/intent/x", "1", true, true));
        ck_assert_str_eq("ddfrd", steps); /* what holds .svcbroker, what holds intent */
        assert_mode("home/.svcbroker", S_IFDIR | 0700);
        assert_mode("home/.svcbroker/intent", S_IFDIR | 0700);
        ck_assert_int_eq(0, replace_one(".svcbroker/intent/y", "2", true, true));
        ck_assert_str_eq("frd", steps);
        assert_reads(".svcbroker/intent/x", "1");
        /* One that was there stays as it is. */
        ck_assert_int_eq(0, fchmodat(at, "home/.svcbroker", 0751, 0));
        ck_assert_int_eq(0, replace_one(".svcbroker/other/x", "1", false, true));
        ck_assert_str_eq("dr", steps);
        assert_mode("home/.svcbroker", S_IFDIR | 0751);
        fail_directory = EIO;
        ck_assert_int_eq(-EIO, replace_one(".svcbroker/third/x", "1", true, true));
        ck_assert_uint_eq(0, entries("home/.svcbroker/third"));
        /* The group of the directory above is kept, as its owner wishes. */
        fail_directory = 0;
        ck_assert_int_eq(0, fchmodat(at, "home/.svcbroker", 02755, 0));
        fd = volume_walk(volume, ".svcbroker/wide", O_RDONLY, 0755);
        ck_assert_int_ge(fd, 0);
        close(fd);
        assert_mode("home/.svcbroker/wide", S_IFDIR | 02755);
}
END_TEST

START_TEST(batches)
{
        struct volume_file two[] = {file("profiles/x/a", "1", true), file("profiles/x/b", "2", true)};
        struct volume_file many[] = {
                file("profiles/x/a", "3", true),  file("c", "4", false),
                file("intent/a", "5", true),      file("profiles/x/b", NULL, true),
                file("intent/b", "6", true),      file("profiles/x/none", NULL, true),
                file("nowhere/none", NULL, true),
        };

        volume_replace(volume, two, 2, false);
        ck_assert_str_eq("srrd", steps);
        ck_assert_int_eq(0, two[0].result);
        ck_assert_int_eq(0, two[1].result);
        assert_reads("profiles/x/b", "2");
        steps[0] = '\0';
        volume_replace(volume, many, 7, true);
        ck_assert_str_eq("dsrrrrdd", steps); /* the first for intent/ itself */
        for (int i = 0; i < 7; i++)
                ck_assert_int_eq(0, many[i].result);
        assert_reads("profiles/x/a", "3");
        assert_reads("c", "4");
        assert_reads("intent/a", "5");
        assert_reads("intent/b", "6");
        ck_assert_uint_eq(1, entries("home/profiles/x"));
        ck_assert_uint_eq(2, entries("home/intent"));
        ck_assert_uint_eq(3, entries("home"));
        /* With one that is not durable there is one to sync. */
        two[0].durable = false;
        steps[0] = '\0';
        volume_replace(volume, two, 2, false);
        ck_assert_str_eq("frrd", steps);
}
END_TEST

/* In a batch as long as there may be profiles no more descriptors are open than in a short one. */
START_TEST(long_batch)
{
        static struct volume_file files[600];
        static char paths[600][32];
        struct rlimit limit = {.rlim_cur = descriptors_before + 16, .rlim_max = 1024};

        ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &limit));
        for (int i = 0; i < 600; i++) {
                snprintf(paths[i], sizeof(paths[i]), "many/%d/f%d", i % 40, i);
                files[i] = file(paths[i], paths[i], true);
        }
        steps[0] = '\0';
        volume_replace(volume, files, 600, true);
        ck_assert_uint_eq(41 + 1 + 600 + 40, strlen(steps));
        for (int i = 0; i < 600; i++) {
                ck_assert_int_eq(0, files[i].result);
                assert_reads(paths[i], paths[i]);
        }
}
END_TEST

START_TEST(removes)
{
        put("home/file", "x", 0400);
        put("home/.file.svcbroker", "x", 0400);
        ck_assert(volume_has(volume, "file"));
        ck_assert_int_eq(0, volume_remove(volume, "file"));
        ck_assert(!volume_has(volume, "file"));
        ck_assert(volume_has(volume, ".file.svcbroker"));
        ck_assert_int_eq(0, volume_remove(volume, "file"));
        ck_assert_int_eq(0, volume_remove(volume, "nowhere/file"));
        ck_assert_int_eq(-ENOTDIR, volume_remove(volume, ".file.svcbroker/file"));
        ck_assert(!volume_has(volume, "nowhere/file"));
        ck_assert_int_eq(0, volume_look(volume, "nowhere/file"));
        ck_assert_int_eq(1, volume_look(volume, "profiles/x"));
        ck_assert(volume_has(volume, "profiles/x"));
        ck_assert_int_eq(-EINVAL, volume_remove(volume, "profiles/x"));
        ck_assert_int_eq(-ENOTDIR, replace_one(".file.svcbroker/file", NULL, true, false));
}
END_TEST

START_TEST(locks)
{
        static const enum holding kinds[] = {HOLD_WRITE, HOLD_READ, HOLD_OPEN_FILE, HOLD_ONE_BYTE};
        pid_t pid;

        ck_assert_int_eq(0, volume_is_locked(volume, "lock"));
        ck_assert_int_eq(0, volume_is_locked(volume, "nowhere/lock"));
        put("home/lock", "", 0600);
        ck_assert_int_eq(0, volume_is_locked(volume, "lock"));
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                pid = hold("home/lock", kinds[i]);
                ck_assert_int_eq(1, volume_is_locked(volume, "lock"));
                ck_assert_int_eq(1, volume_is_locked(volume, "lock"));
                let_go(pid);
                ck_assert_int_eq(0, volume_is_locked(volume, "lock"));
        }
        pid = hold("home/lock", HOLD_FLOCK);
        ck_assert_int_eq(0, volume_is_locked(volume, "lock"));
        let_go(pid);
        /* Looking takes nothing: another can have it between two looks. */
        ck_assert_int_eq(0, volume_is_locked(volume, "lock"));
        pid = hold("home/lock", HOLD_WRITE);
        ck_assert_int_eq(0, fchmodat(at, "home/lock", 0444, 0));
        ck_assert_int_eq(1, volume_is_locked(volume, "lock"));
        let_go(pid);
}
END_TEST

static void add(TCase *cases)
{
        tcase_add_test(cases, opens);
        tcase_add_test(cases, paths_refused);
        tcase_add_test(cases, dots_in_names);
        tcase_add_test(cases, reads);
        tcase_add_test(cases, strangers);
        tcase_add_test(cases, replaces);
        tcase_add_test(cases, replaces_at_the_limit);
        tcase_add_test(cases, writes_in_pieces);
        tcase_add_test(cases, nothing_is_inherited);
        tcase_add_test(cases, makes_directories);
        tcase_add_test(cases, batches);
        tcase_add_test(cases, long_batch);
        tcase_add_test(cases, removes);
        tcase_add_test(cases, locks);
}

int main(void)
{
        return run("edge_volume", add);
}
