/* SPDX-License-Identifier: ISC */
#include "daemon/edge/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/fs.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "daemon/edge/volume_resolve.h"
#include "tests/unit/volume_fixture.h"

static void make_socket(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd;

        snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", root, path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(0, bind(fd, (struct sockaddr *)&address, sizeof(address)));
        close(fd);
}

/* In place of the file itself: nothing is followed, nothing is read or written, nothing waits. */
START_TEST(no_regular_file)
{
        static const char *const kinds[] = {"fifo", "socket", "directory"};
        double begin;
        char byte;
        int fd;

        ck_assert_int_eq(0, mkfifoat(at, "home/fifo", 0600));
        make_socket("home/socket");
        make("home/directory", 0700);
        begin = now();
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                ck_assert_int_eq(-EINVAL, read_fails(kinds[i]));
                ck_assert_int_eq(-EINVAL, volume_is_locked(volume, kinds[i]));
                ck_assert_int_eq(-EINVAL, tail_fails(kinds[i]));
                ck_assert_int_eq(-EINVAL, append(kinds[i], "x"));
                ck_assert_int_eq(-EINVAL, volume_remove(volume, kinds[i]));
                ck_assert_int_eq(-EINVAL, replace_one(kinds[i], NULL, true, false));
                ck_assert(volume_has(volume, kinds[i]));
        }
        ck_assert(now() - begin < 20);
        /* Also with somebody at the other end. */
        fd = openat(at, "home/fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);
        ck_assert_int_eq(-EINVAL, append("fifo", "x"));
        ck_assert_int_eq(-EINVAL, read_fails("fifo"));
        ck_assert_int_eq(-1, read(fd, &byte, 1));
        ck_assert_int_eq(EAGAIN, errno);
        close(fd);
        /* A whole one takes the place of anything that a rename can displace. */
        ck_assert_int_eq(0, replace_one("fifo", "a", true, false));
        ck_assert_int_eq(0, replace_one("socket", "b", true, false));
        ck_assert_int_eq(-EISDIR, replace_one("directory", "c", true, false));
        assert_reads("fifo", "a");
        assert_reads("socket", "b");
        assert_mode("home/fifo", S_IFREG | 0600);
        ck_assert_uint_eq(4, entries("home"));
}
END_TEST

START_TEST(links)
{
        char *text = NULL;

        ck_assert_int_eq(0, symlinkat("../outside/keep", at, "home/link"));
        ck_assert_int_eq(0, symlinkat("../outside/new", at, "home/dangling"));
        ck_assert_int_eq(0, symlinkat("profiles", at, "home/inside"));
        ck_assert_int_eq(0, symlinkat("/proc/self/root", at, "home/magic"));
        ck_assert_int_eq(-ELOOP, read_fails("link"));
        ck_assert_int_eq(-ELOOP, read_fails("dangling"));
        ck_assert_int_eq(-ELOOP, volume_is_locked(volume, "link"));
        ck_assert_int_eq(-ELOOP, tail_fails("link"));
        ck_assert_int_eq(-ELOOP, append("link", "x"));
        ck_assert_int_eq(-ELOOP, append("dangling", "x"));
        ck_assert_int_eq(-EINVAL, volume_remove(volume, "link"));
        ck_assert(volume_has(volume, "link"));
        ck_assert(volume_has(volume, "dangling"));
        ck_assert_int_eq(0, replace_one("link", "new", true, false));
        ck_assert_int_eq(0, replace_one("dangling", "new", true, false));
        assert_mode("home/link", S_IFREG | 0600);
        assert_reads("dangling", "new");
        /* Also one that leads nowhere else. */
        ck_assert_int_eq(-ELOOP, list_fails("inside"));
        assert_refused("inside/x", -ELOOP);
        ck_assert_int_eq(-ELOOP, volume_read(volume, "magic/etc/passwd", &text));
        ck_assert_ptr_null(text);
        ck_assert(!exists("home/profiles/x/x"));
}
END_TEST

/* In place of the directory on the way. */
START_TEST(parents)
{
        double begin;

        ck_assert_int_eq(0, renameat(at, "home/profiles", at, "home/real"));
        ck_assert_int_eq(0, symlinkat("../outside", at, "home/profiles"));
        ck_assert_int_eq(0, symlinkat("../outside", at, "home/.svcbroker"));
        ck_assert_int_eq(0, symlinkat("../outside", at, "home/logs"));
        assert_refused("profiles/keep", -ELOOP);
        assert_refused("profiles/x/file", -ELOOP);
        assert_refused(".svcbroker/intent/x", -ELOOP);
        assert_refused("logs/container-boot.log", -ELOOP);
        ck_assert_int_eq(-ELOOP, list_fails("profiles"));
        ck_assert_int_eq(-ELOOP, volume_walk(volume, "profiles", O_RDONLY, 0700));
        ck_assert_int_eq(0, unlinkat(at, "home/.svcbroker", 0));
        make("home/.svcbroker", 0700);
        ck_assert_int_eq(0, mkfifoat(at, "home/.svcbroker/intent", 0600));
        begin = now();
        assert_refused(".svcbroker/intent/x", -ENOTDIR);
        ck_assert_int_eq(-ENOTDIR, list_fails(".svcbroker/intent"));
        ck_assert(now() - begin < 20);
        ck_assert_int_eq(0, symlinkat("real/x", at, "home/x"));
        ck_assert_int_eq(-ELOOP, replace_one("x/marker", "m", false, true));
        ck_assert_uint_eq(0, entries("home/real/x"));
}
END_TEST

/* The one link that is followed, and where to: the last column is for where openat2 says what is magic, and where nobody does. */
static const struct entered {
        const char *name, *target;
        int result, without;
} entered[] = {
        {"relative", "../real/one", 0, 0},
        {"deeper", "../real/../real/one/deep", 0, 0},
        {"chained", "relative", 0, 0},
        {"through", "../way/one", 0, 0},
        {"slashes", "..//real///one/.", 0, 0},
        {"outside", "../../outside", -EXDEV, -EXDEV},
        {"out-and-in", "../../home/real/one", 0, 0},
        {"out", "../out", -EXDEV, -EXDEV},
        {"top", "/", -EXDEV, -EXDEV},
        {"itself", "..", -EXDEV, -EXDEV},
        {"itself-again", "../real/..", -EXDEV, -EXDEV},
        {"dangling", "../real/none", -ENOLINK, -ENOLINK},
        {"empty-outside", "../../outside/none", -ENOLINK, -ENOLINK},
        {"loop", "loop", -ELOOP, -ELOOP},
        {"file", "../real/file", -ENOTDIR, -ENOTDIR},
        {"fifo", "../real/fifo", -ENOTDIR, -ENOTDIR},
        {"magic", "/proc/self/root", -ELOOP, -EXDEV},
        {"magic-home", "/proc/self/cwd", -ELOOP, -EXDEV},
};

START_TEST(links_that_are_entered)
{
        bool without = syscall(SYS_openat2, -1, ".", NULL, 0) < 0 && (errno == ENOSYS || errno == EPERM);
        char path[128];
        int fd;

        make("home/real", 0700);
        make("home/real/one", 0700);
        make("home/real/one/deep", 0700);
        put("home/real/file", "", 0600);
        ck_assert_int_eq(0, mkfifoat(at, "home/real/fifo", 0600));
        ck_assert_int_eq(0, symlinkat("real", at, "home/way"));
        ck_assert_int_eq(0, symlinkat("../outside", at, "home/out"));
        for (size_t i = 0; i < sizeof(entered) / sizeof(entered[0]); i++) {
                const struct entered *row = &entered[i];
                int expected = without ? row->without : row->result;
                struct volume_file file = {.path = "marker", .text = row->name, .length = 1, .mode = 0600};

                snprintf(path, sizeof(path), "home/profiles/%s", row->name);
                ck_assert_int_eq(0, symlinkat(row->target, at, path));
                fd = volume_enter(volume, path + strlen("home/"));
                ck_assert_msg(expected ? fd == expected : fd >= 0, "%s: %d", row->name, fd);
                if (fd < 0)
                        continue;
                volume_replace(fd, &file, 1, false);
                ck_assert_int_eq(0, file.result);
                close(fd);
        }
        ck_assert(exists("home/real/one/marker") && exists("home/real/one/deep/marker"));
        ck_assert(!exists("outside/marker") && !exists("home/marker"));
        fd = volume_enter(volume, "profiles/x");
        ck_assert_int_ge(fd, 0);
        close(fd);
        ck_assert_int_eq(-ENOENT, volume_enter(volume, "profiles/none"));
        fd = volume_enter(volume, "way/one"); /* in every place */
        ck_assert_int_ge(fd, 0);
        close(fd);
        ck_assert_int_eq(-EXDEV, volume_enter(volume, "out/one"));
        ck_assert_int_eq(0, renameat(at, "home/profiles", at, "home/moved"));
        ck_assert_int_eq(0, symlinkat("moved", at, "home/profiles"));
        fd = volume_enter(volume, "profiles/relative");
        ck_assert_int_ge(fd, 0);
        close(fd);
        ck_assert_int_eq(-EXDEV, volume_enter(volume, "profiles/outside"));
        ck_assert_int_eq(-EINVAL, volume_enter(volume, "profiles/../real"));
}
END_TEST

/* Deeper than anybody looks for the volume. */
START_TEST(too_deep)
{
        char path[2 * 200 + 16] = "home/d", target[sizeof(path)];
        int fd;

        make(path, 0700);
        for (int depth = 1; depth < 140; depth++) {
                strcat(path, "/d");
                make(path, 0700);
                if (depth == 100 || depth == 139) {
                        snprintf(target, sizeof(target), "../%s", path + strlen("home/"));
                        ck_assert_int_eq(
                                0, symlinkat(target, at,
                                             depth == 100 ? "home/profiles/deep" : "home/profiles/deeper"));
                }
        }
        fd = volume_enter(volume, "profiles/deep");
        ck_assert_int_ge(fd, 0);
        close(fd);
        ck_assert_int_eq(-EXDEV, volume_enter(volume, "profiles/deeper"));
}
END_TEST

/* A lease of another process makes an ordinary open wait for 45 seconds. */
START_TEST(leases)
{
        double begin;
        pid_t pid;

        put("home/file", "old", 0600);
        begin = now();
        pid = hold("home/file", HOLD_LEASE_WRITE);
        ck_assert_int_eq(-EAGAIN, read_fails("file"));
        ck_assert_int_eq(-EAGAIN, tail_fails("file"));
        ck_assert_int_eq(-EAGAIN, volume_is_locked(volume, "file"));
        ck_assert_int_eq(-EAGAIN, append("file", "x"));
        ck_assert(volume_has(volume, "file"));
        ck_assert_int_eq(0, replace_one("file", "new", true, false)); /* that file is another */
        assert_reads("file", "new");
        let_go(pid);

        pid = hold("home/file", HOLD_LEASE_READ);
        assert_reads("file", "new");
        ck_assert_int_eq(-EAGAIN, append("file", "x"));
        ck_assert_int_eq(0, volume_remove(volume, "file"));
        let_go(pid);

        put("home/.file.svcbroker", "stale", 0600);
        pid = hold("home/.file.svcbroker", HOLD_LEASE_WRITE);
        ck_assert_int_eq(0, replace_one("file", "whole", true, false));
        assert_reads("file", "whole");
        let_go(pid);
        put_size("home/log", VOLUME_BOOT_LOG_BYTES);
        pid = hold("home/log", HOLD_LEASE_WRITE);
        ck_assert_int_eq(-EAGAIN, append("log", "x"));
        let_go(pid);
        ck_assert(now() - begin < 20);
}
END_TEST

START_TEST(devices)
{
        if (!mount_at("home", "size=1m"))
                return;
        make("home/d", 0700);
        if (mknodat(at, "home/zero", S_IFCHR | 0600, makedev(1, 5)) < 0) {
                left_out("no device here");
        } else {
                ck_assert_int_eq(-EINVAL, read_fails("zero"));
                ck_assert_int_eq(-EINVAL, append("zero", "x"));
                ck_assert_int_eq(-EINVAL, volume_is_locked(volume, "zero"));
                ck_assert_int_eq(-EINVAL, volume_remove(volume, "zero"));
                ck_assert_int_eq(0, replace_one("zero", "x", false, false));
                assert_reads("zero", "x");
        }
        unmount("home");
}
END_TEST

static void be_led_by(const char *terminal)
{
        char path[128];
        char *text;
        int results;

        snprintf(path, sizeof(path), "%s/home/terminal", root);
        if (setsid() < 0 || mount(terminal, path, NULL, MS_BIND, NULL) < 0)
                _exit(2);
        text = NULL;
        results = volume_read(volume, "terminal", &text) + volume_append_log(volume, "terminal", "x", 1) +
                  volume_is_locked(volume, "terminal");
        if (results != -3 * EINVAL)
                _exit(3);
        _exit(open("/dev/tty", O_RDWR | O_CLOEXEC) < 0 ? 0 : 4);
}

/* A process that leads its session would get any terminal it opens; and then that terminal's signals. */
START_TEST(terminals)
{
        int status = 0;
        int controller;

        if (!mount_at("home", "size=1m"))
                return;
        put("home/terminal", "", 0600);
        controller = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (controller < 0 || unlockpt(controller) < 0) {
                left_out("no terminal here");
        } else {
                pid_t pid = fork();

                if (pid == 0)
                        be_led_by(ptsname(controller));
                ck_assert_int_eq(pid, waitpid(pid, &status, 0));
                ck_assert_int_eq(0, status);
        }
        if (controller >= 0)
                close(controller);
        unmount("home");
}
END_TEST

/* A second name for something of theirs elsewhere: only our name for it changes. */
START_TEST(hard_links)
{
        ck_assert_int_eq(0, linkat(at, "outside/keep", at, "home/file", 0));
        ck_assert_int_eq(0, replace_one("file", "new", true, false));
        assert_reads("file", "new");
        ck_assert_uint_eq(1, inode("home/file").st_nlink);
        ck_assert_int_eq(0, linkat(at, "outside/keep", at, "home/.file.svcbroker", 0));
        ck_assert_int_eq(0, replace_one("file", "newer", true, false));
        ck_assert(!exists("home/.file.svcbroker"));
        ck_assert_int_eq(0, linkat(at, "outside/keep", at, "home/other", 0));
        ck_assert_int_eq(0, volume_remove(volume, "other"));
        ck_assert_int_eq(0, linkat(at, "outside/keep", at, "home/other", 0));
        ck_assert_int_eq(0, replace_one("other", NULL, false, false));
        assert_mode("outside/keep", S_IFREG | 0644);
}
END_TEST

/* Under the name of our own. */
START_TEST(planted)
{
        struct stat before;

        put("home/file", "old", 0600);
        ck_assert_int_eq(0, symlinkat("../outside/keep", at, "home/.file.svcbroker"));
        ck_assert_int_eq(-EINVAL, replace_one("file", "new", true, false));
        ck_assert_str_eq("", steps);
        ck_assert_int_eq(0, unlinkat(at, "home/.file.svcbroker", 0));
        ck_assert_int_eq(0, symlinkat("../outside/new", at, "home/.file.svcbroker"));
        ck_assert_int_eq(-EINVAL, replace_one("file", "new", true, false));
        ck_assert_int_eq(0, unlinkat(at, "home/.file.svcbroker", 0));
        ck_assert_int_eq(0, mkfifoat(at, "home/.file.svcbroker", 0600));
        ck_assert_int_eq(-EINVAL, replace_one("file", "new", true, false));
        ck_assert_int_eq(0, unlinkat(at, "home/.file.svcbroker", 0));
        make("home/.file.svcbroker", 0700);
        ck_assert_int_eq(-EINVAL, replace_one("file", "new", true, false));
        ck_assert(exists("home/.file.svcbroker"));
        assert_reads("file", "old");
        /* A removal has no need of it. */
        ck_assert_int_eq(0, replace_one("file", NULL, true, false));
        ck_assert(exists("home/.file.svcbroker"));
        ck_assert_int_eq(0, unlinkat(at, "home/.file.svcbroker", AT_REMOVEDIR));
        /* What is really left from us. */
        put("home/.file.svcbroker", "half", 0400);
        before = inode("home/.file.svcbroker");
        ck_assert_int_eq(0, linkat(at, "home/.file.svcbroker", at, "home/half", 0));
        ck_assert_int_eq(0, replace_one("file", "new", true, false));
        ck_assert_uint_ne(before.st_ino, inode("home/file").st_ino);
        ck_assert_str_eq("half", text_of("home/half"));
        put("home/.file.svcbroker", "half", 0600);
        ck_assert_int_eq(0, replace_one("file", NULL, true, false));
        ck_assert_uint_eq(2, entries("home"));
}
END_TEST

/* Between the look and the act. */
START_TEST(planted_meanwhile)
{
        put("home/file", "old", 0600);
        put("home/.file.svcbroker", "half", 0600);
        plant_next = "home/.file.svcbroker";
        ck_assert_int_eq(-EEXIST, replace_one("file", "new", true, false));
        ck_assert_ptr_null(plant_next);
        assert_reads("file", "old");
        assert_mode("home/.file.svcbroker", S_IFLNK | 0777);
        put_size("home/log", VOLUME_BOOT_LOG_BYTES);
        plant_next = "home/log";
        ck_assert_int_eq(-EEXIST, append("log", "x"));
        ck_assert_ptr_null(plant_next);
        assert_mode("home/log", S_IFLNK | 0777);
        vanish_next = true;
        ck_assert_int_eq(0, volume_remove(volume, "file"));
        ck_assert(!vanish_next && !exists("home/file"));
}
END_TEST

/* Exchanges them as fast as it can. */
static pid_t exchange(const char *one, const char *other)
{
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0)
                for (;;)
                        syscall(SYS_renameat2, at, one, at, other, RENAME_EXCHANGE);
        return pid;
}

/* Every look may be out of date by the next call. */
START_TEST(races)
{
        int done = 0, refused = 0;
        pid_t directories;
        pid_t temporaries;

        ck_assert_int_eq(0, symlinkat("../outside", at, "home/swapped"));
        ck_assert_int_eq(0, symlinkat("../../../outside/keep", at, "home/.link"));
        directories = exchange("home/profiles", "home/swapped");
        for (double end = now() + 1; now() < end;) {
                int result = replace_one("profiles/x/file", "new", false, true);
                char *text;

                done += result == 0;
                refused += result < 0;
                replace_one("profiles/x/file", NULL, false, true);
                append("profiles/x/log", "line\n");
                text = NULL;
                if (volume_read(volume, "profiles/keep", &text) == 0)
                        ck_abort_msg("read from outside: %s", text);
                volume_remove(volume, "profiles/keep");
        }
        let_go(directories);
        ck_assert_int_gt(done, 0);
        ck_assert_int_gt(refused, 0);
        if (inode("home/profiles").st_mode >> 12 == S_IFLNK >> 12)
                ck_assert_int_eq(0, (int)syscall(SYS_renameat2, at, "home/profiles", at, "home/swapped",
                                                 RENAME_EXCHANGE));
        done = 0;
        put("home/.plain", "half", 0600);
        ck_assert_int_eq(0, renameat(at, "home/.plain", at, "home/.file.svcbroker"));
        ck_assert_int_eq(0, symlinkat("../outside/keep", at, "home/.plant"));
        temporaries = exchange("home/.plant", "home/.file.svcbroker");
        for (double end = now() + 1; now() < end;) {
                done += replace_one("file", "new", false, false) == 0;
                /* Whichever of the two went away, they are to be exchanged again. */
                if (!exists("home/.plant"))
                        (void)!symlinkat("../outside/keep", at, "home/.plant");
                if (!exists("home/.file.svcbroker"))
                        (void)!symlinkat("../outside/keep", at, "home/.file.svcbroker");
                if (!exists("home/.plain"))
                        put("home/.plain", "half", 0600);
                syscall(SYS_renameat2, at, "home/.plain", at, "home/.file.svcbroker", 0);
        }
        let_go(temporaries);
        ck_assert_int_gt(done, 0);
}
END_TEST

static void add(TCase *cases)
{
        tcase_add_test(cases, no_regular_file);
        tcase_add_test(cases, links);
        tcase_add_test(cases, links_that_are_entered);
        tcase_add_test(cases, too_deep);
        tcase_add_test(cases, parents);
        tcase_add_test(cases, leases);
        tcase_add_test(cases, devices);
        tcase_add_test(cases, terminals);
        tcase_add_test(cases, hard_links);
        tcase_add_test(cases, planted);
        tcase_add_test(cases, planted_meanwhile);
        tcase_add_test(cases, races);
}

int main(void)
{
        return run("edge_volume_attack", add);
}
