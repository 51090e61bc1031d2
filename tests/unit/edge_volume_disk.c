/* SPDX-License-Identifier: ISC */
#include "daemon/edge/volume.h"
#include "daemon/edge/volume_resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "tests/unit/volume_fixture.h"

START_TEST(one_fails)
{
        struct volume_file files[] = {
                file("a", "1", true),          file("directory", "2", true), file("nowhere/b", "3", true),
                file("linked/c", "4", true),   file("../d", "5", true),      file("planted", "6", true),
                file("directory", NULL, true), file("e", "7", true),
        };
        static const int results[] = {0, -EISDIR, -ENOENT, -ELOOP, -EINVAL, -EINVAL, -EINVAL, 0};

        make("home/directory", 0700);
        ck_assert_int_eq(0, symlinkat("../outside", at, "home/linked"));
        ck_assert_int_eq(0, symlinkat("../outside/keep", at, "home/.planted.svcbroker"));
        put("home/planted", "old", 0600);
        volume_replace(volume, files, 8, false);
        ck_assert_str_eq("srrrd", steps);
        for (int i = 0; i < 8; i++)
                ck_assert_msg(files[i].result == results[i], "%s: %d", files[i].path, files[i].result);
        assert_reads("a", "1");
        assert_reads("e", "7");
        assert_reads("planted", "old");
        ck_assert(!exists("home/.directory.svcbroker"));
        ck_assert_uint_eq(7, entries("home"));
}
END_TEST

static int replace_two(const char *first, const char *second)
{
        struct volume_file files[] = {file("a", first, true), file("b", second, true)};

        steps[0] = '\0';
        volume_replace(volume, files, 2, false);
        ck_assert_int_eq(files[0].result, files[1].result);
        return files[0].result;
}

/* What the disk tells late. */
START_TEST(errors_of_the_disk)
{
        struct volume_file mixed[] = {file("b", "12", true), file("b-too", NULL, false)};

        ck_assert_int_eq(0, replace_two("1", "2"));
        fail_system = EIO;
        ck_assert_int_eq(-EIO, replace_two("3", "4"));
        ck_assert_str_eq("s", steps);
        fail_system = 0;
        fail_file = ENOSPC;
        ck_assert_int_eq(-ENOSPC, replace_one("a", "5", true, false));
        ck_assert_str_eq("f", steps);
        fail_file = 0;
        fail_rename = EDQUOT;
        ck_assert_int_eq(-EDQUOT, replace_one("a", "6", true, false));
        fail_rename = 0;
        fail_close = EDQUOT;
        ck_assert_int_eq(-EDQUOT, replace_one("a", "7", true, false));
        ck_assert_str_eq("f", steps);
        ck_assert_int_eq(-EDQUOT, replace_one("a", "8", false, false));
        ck_assert_int_eq(-EDQUOT, replace_two("9", "10"));
        ck_assert_int_eq(-EDQUOT, append("log", ""));
        fail_close = 0;
        assert_reads("a", "1");
        assert_reads("b", "2");
        fail_directory = EIO;
        ck_assert_int_eq(-EIO, replace_two("11", "12"));
        ck_assert_str_eq("srrd", steps);
        assert_reads("a", "11"); /* as the header says */
        ck_assert_int_eq(-EIO, replace_one("a", NULL, true, false));
        volume_replace(volume, mixed, 2, false);
        ck_assert_int_eq(-EIO, mixed[0].result);
        ck_assert_int_eq(0, mixed[1].result);
        fail_directory = EINVAL; /* a file system that has no such thing */
        ck_assert_int_eq(0, replace_two("13", "14"));
        ck_assert_uint_eq(4, entries("home"));
}
END_TEST

/* Whoever made them: each directory on the way, from the inner ones to the volume, but not the last. */
START_TEST(what_is_above_is_synced)
{
        make("home/x", 0700);
        make("home/x/y", 0700);
        make("home/x/y/z", 0700);
        ck_assert_int_eq(0, volume_sync_above(volume, "x/y/z"));
        ck_assert_str_eq("ddd", steps);
        steps[0] = '\0';
        ck_assert_int_eq(0, volume_sync_above(volume, "x"));
        ck_assert_str_eq("d", steps);
        ck_assert_int_eq(-ENOENT, volume_sync_above(volume, "nowhere/z"));
        ck_assert_int_eq(-EINVAL, volume_sync_above(volume, "../x"));
        fail_directory = EIO;
        ck_assert_int_eq(-EIO, volume_sync_above(volume, "x/y"));
        fail_directory = EINVAL;
        ck_assert_int_eq(0, volume_sync_above(volume, "x/y"));
}
END_TEST

START_TEST(several_file_systems)
{
        struct volume_file files[] = {file("profiles/x/a", "1", true), file("b", "2", true),
                                      file("c", "3", true)};

        if (!mount_at("home/profiles/x", "size=1m"))
                return;
        volume_replace(volume, files, 3, false);
        ck_assert_str_eq("fsrrrdd", steps);
        for (int i = 0; i < 3; i++)
                ck_assert_int_eq(0, files[i].result);
        fail_file = EIO;
        volume_replace(volume, files, 3, false);
        ck_assert_int_eq(-EIO, files[0].result);
        ck_assert_int_eq(0, files[1].result);
        fail_file = 0;
        fail_system = EIO;
        steps[0] = '\0';
        volume_replace(volume, files, 3, false);
        ck_assert_int_eq(0, files[0].result);
        ck_assert_int_eq(-EIO, files[1].result);
        ck_assert_int_eq(-EIO, files[2].result);
        ck_assert_uint_eq(1, entries("home/profiles/x"));
        unmount("home/profiles/x");
}
END_TEST

/* Killed in place of each step, with a durable batch of two: old or new, never a part; the next one cleans
 * up. */
START_TEST(killed)
{
        int status = 0;
        pid_t pid;

        put("home/a", "old", 0600);
        put("home/b", "old", 0600);
        pid = fork();
        if (pid == 0) {
                die_at = _i;
                steps[0] = '\0';
                replace_two("new", "new");
                _exit(0);
        }
        ck_assert_int_eq(pid, waitpid(pid, &status, 0));
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        ck_assert_str_eq(_i > 1 ? "new" : "old", text_of("home/a"));
        ck_assert_str_eq(_i > 2 ? "new" : "old", text_of("home/b"));
        ck_assert_uint_eq(_i < 2 ? 5 : _i == 2 ? 4 : 3, entries("home"));
        ck_assert_int_eq(0, replace_two("newest", "newest"));
        ck_assert_uint_eq(3, entries("home"));
        assert_reads("b", "newest");
}
END_TEST

/* Takes all the room there is, but for `pages`; never that of the machine. */
static void fill(unsigned pages)
{
        static const char page[4096];
        struct statfs found;
        unsigned written = 0;
        int fd = openat(at, "home/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        ck_assert_int_eq(0, fstatfs(fd, &found));
        ck_assert(found.f_type == TMPFS_MAGIC && found.f_blocks <= 64);
        while (written < 64 && write(fd, page, sizeof(page)) == (ssize_t)sizeof(page))
                written++;
        ck_assert_uint_lt(pages, written);
        ck_assert_int_eq(0, ftruncate(fd, (off_t)(written - pages) * (off_t)sizeof(page)));
        close(fd);
}

START_TEST(full)
{
        static char big[20000];
        struct volume_file files[2];

        if (!mount_at("home", "size=256k,nr_inodes=8"))
                return;
        memset(big, 'x', sizeof(big) - 1);
        put("home/file", "old", 0600);
        put("home/small", "old", 0600);
        fill(2);
        files[0] = file("file", big, true);
        files[1] = file("small", "new", true);
        volume_replace(volume, files, 2, false);
        ck_assert_int_eq(-ENOSPC, files[0].result);
        ck_assert_int_eq(0, files[1].result);
        ck_assert_str_eq("frd", steps);
        assert_reads("file", "old");
        assert_reads("small", "new");
        ck_assert_uint_eq(3, entries("home"));
        ck_assert_int_eq(-ENOSPC, replace_one("other", big, false, false));
        ck_assert_int_eq(-ENOSPC, append("log", big));
        ck_assert_int_eq(0, volume_remove(volume, "log"));
        ck_assert_uint_eq(3, entries("home"));
        /* Not even a name is left. */
        for (char name[] = "home/fill-0"; mkdirat(at, name, 0700) == 0;)
                name[sizeof(name) - 2]++;
        ck_assert_int_eq(ENOSPC, errno);
        ck_assert_int_eq(-ENOSPC, replace_one("file", "x", true, false));
        ck_assert_int_eq(-ENOSPC, replace_one("new/x", "x", true, true));
        ck_assert_int_eq(-ENOSPC, append("log", "x"));
        assert_reads("file", "old");
        unmount("home");
}
END_TEST

START_TEST(read_only)
{
        char **names = NULL;
        size_t count = 0;

        if (!mount_at("home", "size=256k"))
                return;
        put("home/file", "old", 0600);
        put_size("home/log", VOLUME_BOOT_LOG_BYTES);
        put("home/.stale.svcbroker", "half", 0600);
        make("home/directory", 0700);
        ck_assert_int_eq(0, mount(NULL, home, NULL, MS_REMOUNT | MS_RDONLY, NULL));
        ck_assert_int_eq(-EROFS, replace_one("file", "new", true, false));
        ck_assert_int_eq(-EROFS, replace_one("stale", "new", true, false));
        ck_assert_int_eq(-EROFS, replace_one("new/x", "new", true, true));
        ck_assert_int_eq(-EROFS, replace_one("file", NULL, true, false));
        ck_assert_int_eq(-EROFS, volume_remove(volume, "file"));
        ck_assert_int_eq(-EROFS, append("log", "x"));
        ck_assert_int_eq(-EROFS, append("other", "x"));
        ck_assert_int_eq(-EROFS, append("logs/other", "x"));
        ck_assert_int_eq(0, volume_remove(volume, "none"));
        ck_assert_int_eq(0, volume_is_locked(volume, "file"));
        ck_assert_int_eq(0, volume_directories(volume, ".", 10, &names, &count));
        ck_assert_uint_eq(1, count);
        volume_names_free(names, count);
        assert_reads("file", "old");
        ck_assert_int_eq(0, mount(NULL, home, NULL, MS_REMOUNT, NULL));
        unmount("home");
}
END_TEST

static void add(TCase *cases)
{
        tcase_add_test(cases, one_fails);
        tcase_add_test(cases, errors_of_the_disk);
        tcase_add_test(cases, what_is_above_is_synced);
        tcase_add_test(cases, several_file_systems);
        tcase_add_loop_test(cases, killed, 0, 4);
        tcase_add_test(cases, full);
        tcase_add_test(cases, read_only);
}

int main(void)
{
        return run("edge_volume_disk", add);
}
