/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "daemon/edge/scandir.h"
#include "daemon/edge/control.h"

static char root[] = "/tmp/edge-control-XXXXXX";
static int at = -1;

static void setup(void)
{
        signal(SIGPIPE, SIG_IGN);
        alarm(60); /* nothing here may block */
        ck_assert_ptr_nonnull(mkdtemp(root));
        at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(at, 0);
        ck_assert_int_eq(0, mkdirat(at, "x", 0755));
        ck_assert_int_eq(0, mkdirat(at, "x/supervise", 0700));
        ck_assert_int_eq(0, mkdirat(at, ".s6-svscan", 0700));
}

static void teardown(void)
{
        char command[128];

        close(at);
        snprintf(command, sizeof(command), "rm -rf '%s'", root);
        ck_assert_int_eq(0, system(command));
}

static int make_read(const char *path)
{
        int fd;

        ck_assert_int_eq(0, mkfifoat(at, path, 0600));
        fd = openat(at, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        return fd;
}

/* Up to the last byte. */
static void fill(const char *path)
{
        int fd = openat(at, path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        char bytes[4096] = {0};

        ck_assert_int_ge(fd, 0);
        while (write(fd, bytes, sizeof(bytes)) > 0)
                ;
        while (write(fd, bytes, 1) > 0)
                ;
        ck_assert_int_eq(EAGAIN, errno);
        close(fd);
}

START_TEST(missing)
{
        ck_assert(!s6_control_alive(at, "x"));
        ck_assert(!s6_control_alive(at, "absent"));
        ck_assert_int_eq(-ENOENT, s6_control_send(at, "x", "u"));
        ck_assert_int_eq(-ENOENT, s6_control_send(at, "absent", "u"));
}
END_TEST

START_TEST(no_reader)
{
        ck_assert_int_eq(0, mkfifoat(at, "x/supervise/control", 0600));
        ck_assert(!s6_control_alive(at, "x"));
        ck_assert_int_eq(-ENXIO, s6_control_send(at, "x", "u"));
}
END_TEST

START_TEST(sent)
{
        char bytes[16];
        int fd = make_read("x/supervise/control");

        ck_assert(s6_control_alive(at, "x"));
        ck_assert_int_eq(0, s6_control_send(at, "x", "du"));
        ck_assert_int_eq(2, read(fd, bytes, sizeof(bytes)));
        ck_assert_mem_eq("du", bytes, 2);
        ck_assert_int_eq(-EINVAL, s6_control_send(at, "x", ""));
        close(fd);
        ck_assert(!s6_control_alive(at, "x"));
}
END_TEST

START_TEST(full)
{
        char bytes[4096];
        int fd = make_read("x/supervise/control");

        fill("x/supervise/control");
        ck_assert_int_eq(-EAGAIN, s6_control_send(at, "x", "u"));
        ck_assert(s6_control_alive(at, "x"));
        ck_assert_int_eq((int)sizeof(bytes), read(fd, bytes, sizeof(bytes)));
        ck_assert_int_eq(0, s6_control_send(at, "x", "u"));
        close(fd);
}
END_TEST

/* A plain file would take the order and do nothing; a link could lead anywhere. */
START_TEST(no_fifo)
{
        struct stat found;
        int fd = openat(at, "x/supervise/control", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        close(fd);
        ck_assert(!s6_control_alive(at, "x"));
        ck_assert_int_eq(-ENXIO, s6_control_send(at, "x", "u"));
        ck_assert_int_eq(0, fstatat(at, "x/supervise/control", &found, 0));
        ck_assert_int_eq(0, found.st_size);
        unlinkat(at, "x/supervise/control", 0);
        fd = make_read("elsewhere");
        ck_assert_int_eq(0, symlinkat("../../elsewhere", at, "x/supervise/control"));
        ck_assert(!s6_control_alive(at, "x"));
        ck_assert_int_eq(-ELOOP, s6_control_send(at, "x", "u"));
        close(fd);
}
END_TEST

/* No more descriptors for this process; returns what it had. */
static rlim_t no_descriptors(void)
{
        struct rlimit limit;
        int next = dup(at);
        rlim_t had;

        close(next);
        ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &limit));
        had = limit.rlim_cur;
        limit.rlim_cur = (rlim_t)next;
        ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &limit));
        return had;
}

static void some_descriptors(rlim_t number)
{
        struct rlimit limit;

        ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &limit));
        limit.rlim_cur = number;
        ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &limit));
}

/* What cannot be seen for want of something is not gone. */
START_TEST(not_seen)
{
        int fd = make_read("x/supervise/control");
        rlim_t had = no_descriptors();

        ck_assert_int_eq(-EMFILE, s6_control_alive(at, "x"));
        ck_assert_int_eq(-EMFILE, s6_control_send(at, "x", "u"));
        ck_assert(!s6_control_is_gone(-EMFILE));
        ck_assert_uint_eq(0, s6_control_unread(at, "x"));
        some_descriptors(had);
        ck_assert_int_eq(1, s6_control_alive(at, "x"));
        close(fd);
        ck_assert_int_eq(0, s6_control_alive(at, "x"));
        ck_assert(s6_control_is_gone(s6_control_send(at, "x", "u")));
}
END_TEST

START_TEST(unread)
{
        char bytes[8];
        int fd = make_read("x/supervise/control");

        ck_assert_uint_eq(0, s6_control_unread(at, "x"));
        ck_assert_int_eq(0, s6_control_send(at, "x", "dx"));
        ck_assert_uint_eq(2, s6_control_unread(at, "x"));
        ck_assert_int_eq(2, read(fd, bytes, sizeof(bytes)));
        ck_assert_uint_eq(0, s6_control_unread(at, "x"));
        ck_assert_uint_eq(0, s6_control_unread(at, "absent"));
        close(fd);
}
END_TEST

static struct scandir scandir_here(void)
{
        struct scandir scandir;

        ck_assert_int_eq(0, scandir_open(&scandir, root));
        return scandir;
}

START_TEST(scandir_absent)
{
        struct scandir scandir = {.fd = 5};

        ck_assert_int_eq(-ENOENT, scandir_open(&scandir, "/tmp/edge-control-no-such-directory"));
        ck_assert_int_eq(-1, scandir.fd);
        ck_assert_int_eq(-ENOTDIR, scandir_open(&scandir, "/etc/passwd"));
        ck_assert_int_eq(-1, scandir.fd);
        scandir_close(&scandir);
}
END_TEST

/* As s6-svscan does it. A lock is another process's only in another process. */
static pid_t hold_lock(void)
{
        int ready[2];
        char byte;
        pid_t child;

        ck_assert_int_eq(0, pipe(ready));
        child = fork();
        if (child == 0) {
                struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
                int fd = openat(at, ".s6-svscan/lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

                if (fcntl(fd, F_SETLK, &lock) < 0 || write(ready[1], "x", 1) != 1)
                        _exit(1);
                pause();
                _exit(0);
        }
        close(ready[1]);
        ck_assert_int_eq(1, read(ready[0], &byte, 1));
        close(ready[0]);
        return child;
}

START_TEST(scandir_running)
{
        struct scandir scandir = scandir_here();
        char bytes[8];
        int fd;
        pid_t child;

        ck_assert(!scandir_is_running(&scandir));
        ck_assert_int_eq(-ENOENT, scandir_command(&scandir, "a"));
        fd = make_read(".s6-svscan/control");
        ck_assert(!scandir_is_running(&scandir)); /* no lock */
        close(openat(at, ".s6-svscan/lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        ck_assert(!scandir_is_running(&scandir)); /* nobody has it */
        close(fd);
        ck_assert_int_eq(0, unlinkat(at, ".s6-svscan/control", 0));
        child = hold_lock(); /* without the FIFO's reader */
        fd = make_read(".s6-svscan/control");
        ck_assert(scandir_is_running(&scandir));
        ck_assert_int_eq(0, scandir_command(&scandir, "an"));
        ck_assert_int_eq(2, read(fd, bytes, sizeof(bytes)));
        ck_assert_mem_eq("an", bytes, 2);
        fill(".s6-svscan/control");
        ck_assert_int_eq(-EAGAIN, scandir_command(&scandir, "a"));
        close(fd);
        ck_assert(!scandir_is_running(&scandir)); /* no reader */
        ck_assert_int_eq(-ENXIO, scandir_command(&scandir, "a"));
        kill(child, SIGKILL);
        scandir_close(&scandir);
}
END_TEST

START_TEST(scandir_links)
{
        struct scandir scandir = scandir_here();
        struct stat found;

        ck_assert(!scandir_links_to(&scandir, "gateway-a", "/services/gateway-a"));
        ck_assert_int_eq(0, scandir_link(&scandir, "gateway-a", "/services/gateway-a"));
        ck_assert_int_eq(0, scandir_link(&scandir, "gateway-a", "/services/gateway-a"));
        ck_assert(scandir_links_to(&scandir, "gateway-a", "/services/gateway-a"));
        ck_assert(!scandir_links_to(&scandir, "gateway-a", "/services/gateway-"));
        ck_assert(!scandir_links_to(&scandir, "gateway-a", "/services/gateway-ab"));
        ck_assert_int_eq(-EEXIST, scandir_link(&scandir, "gateway-a", "/services/gateway-b"));
        ck_assert_int_eq(-EEXIST, scandir_link(&scandir, "x", "/services/x"));
        ck_assert(!scandir_links_to(&scandir, "x", "/services/x"));
        ck_assert_int_eq(-EINVAL, scandir_link(&scandir, "y", "relative"));
        ck_assert_int_eq(-EINVAL, scandir_link(&scandir, ".y", "/z"));
        ck_assert_int_eq(-EINVAL, scandir_link(&scandir, "x/y", "/z"));
        ck_assert_int_eq(-EINVAL, scandir_unlink(&scandir, "x/supervise", "/x"));
        ck_assert_int_eq(-EINVAL, scandir_unlink(&scandir, "..", "/x"));
        ck_assert_int_eq(-EEXIST, scandir_unlink(&scandir, "gateway-a", "/services/gateway-b"));
        ck_assert(scandir_links_to(&scandir, "gateway-a", "/services/gateway-a"));
        ck_assert_int_eq(0, scandir_unlink(&scandir, "gateway-a", "/services/gateway-a"));
        ck_assert_int_eq(0, scandir_unlink(&scandir, "gateway-a", "/services/gateway-a"));
        ck_assert_int_eq(-EEXIST, scandir_unlink(&scandir, "x", "/x"));
        ck_assert_int_eq(0, fstatat(at, "x", &found, 0));
        scandir_close(&scandir);
}
END_TEST

int main(void)
{
        int failed;
        Suite *suite = suite_create("edge_control");
        TCase *cases = tcase_create("control");
        SRunner *runner;

        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, missing);
        tcase_add_test(cases, no_reader);
        tcase_add_test(cases, sent);
        tcase_add_test(cases, full);
        tcase_add_test(cases, no_fifo);
        tcase_add_test(cases, not_seen);
        tcase_add_test(cases, unread);
        tcase_add_test(cases, scandir_absent);
        tcase_add_test(cases, scandir_running);
        tcase_add_test(cases, scandir_links);
        suite_add_tcase(suite, cases);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
