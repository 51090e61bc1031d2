/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/edge/process.h"
#include "daemon/edge/run_signal.h"

#define SINCE_SECONDS 1700000000
#define SINCE_USEC (SINCE_SECONDS * INT64_C(1000000))

static int top;
static pid_t child;

static void put(unsigned char *bytes, uint64_t value, int length)
{
        while (length--) {
                bytes[length] = (unsigned char)value;
                value >>= 8;
        }
}

/* A status file of s6 2.11: a run of `pid` since `seconds`. */
static void write_status(pid_t pid, int64_t seconds, unsigned flags)
{
        unsigned char bytes[35] = {0};
        int fd = openat(top, "svc/supervise/status", O_WRONLY | O_CREAT | O_TRUNC, 0644);

        put(bytes, (UINT64_C(1) << 62) + 37 + (uint64_t)seconds, 8);
        put(bytes + 12, (UINT64_C(1) << 62), 8);
        put(bytes + 24, (uint64_t)pid, 8);
        bytes[34] = (unsigned char)flags;
        ck_assert_int_eq(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
        close(fd);
}

static void setup(void)
{
        char path[] = "/tmp/edge-run-signal-XXXXXX";

        ck_assert_ptr_nonnull(mkdtemp(path));
        top = open(path, O_RDONLY | O_DIRECTORY);
        ck_assert_int_eq(mkdirat(top, "svc", 0700), 0);
        ck_assert_int_eq(mkdirat(top, "svc/supervise", 0700), 0);
        signal(SIGTERM, SIG_DFL); /* in the child Check's handler would end the test */
        child = fork();
        if (child == 0)
                for (;;)
                        pause();
        write_status(child, SINCE_SECONDS, 4);
}

static void teardown(void)
{
        char path[64], target[256];
        ssize_t length;

        kill(child, SIGKILL);
        unlinkat(top, "svc/supervise/status", 0);
        unlinkat(top, "svc/supervise", AT_REMOVEDIR);
        unlinkat(top, "svc", AT_REMOVEDIR);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", top);
        length = readlink(path, target, sizeof(target) - 1);
        ck_assert_int_gt(length, 0);
        target[length] = 0;
        rmdir(target);
}

static struct s6_status seen(void)
{
        return (struct s6_status){.pid = child, .since_usec = SINCE_USEC, .want_up = true};
}

static struct run_mark marked(void)
{
        struct s6_status status = seen();
        struct run_mark mark;

        ck_assert_int_eq(run_mark(top, "svc", &status, &mark), 0);
        ck_assert_int_eq(mark.pid, child);
        return mark;
}

static enum run_signal send_term(const struct run_mark *mark, uid_t uid)
{
        return run_signal_send(mark, uid, (const int[]){SIGTERM, SIGCONT}, 2);
}

/* How the child ends, if it does within the moment that a signal which was sent takes. */
static bool ended_by(int number)
{
        int status = 0;

        for (int i = 0; i < 1000 && waitpid(child, &status, WNOHANG) == 0; i++)
                usleep(5000);
        return WIFSIGNALED(status) && WTERMSIG(status) == number;
}

static bool lives(void)
{
        struct process_life process;

        return process_look(child, &process) == 0;
}

START_TEST(it_reaches_the_run)
{
        struct run_mark mark = marked();

        ck_assert_int_eq(send_term(&mark, getuid()), RUN_SIGNALLED);
        ck_assert(ended_by(SIGTERM));
}
END_TEST

START_TEST(a_stopped_one_goes_on_and_ends)
{
        struct run_mark mark = marked();

        kill(child, SIGSTOP);
        ck_assert_int_eq(send_term(&mark, getuid()), RUN_SIGNALLED);
        ck_assert(ended_by(SIGTERM));
}
END_TEST

/* Nothing is taken for an end that is none: with no descriptor left, it is tried again. */
START_TEST(short_of_descriptors)
{
        struct run_mark mark = marked(), other;
        struct s6_status status = seen();
        struct rlimit before, none;
        int next = dup(0);

        close(next);
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
        none = (struct rlimit){(rlim_t)next, before.rlim_max};
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
        ck_assert_int_eq(send_term(&mark, getuid()), RUN_NOT_YET);
        ck_assert_int_eq(run_mark(top, "svc", &status, &other), -EMFILE);
        none.rlim_cur =
                (rlim_t)next + 1; /* for the process's descriptor, and not for what is looked at behind it */
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
        ck_assert_int_eq(send_term(&mark, getuid()), RUN_NOT_YET);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
        ck_assert(lives());
        ck_assert_int_eq(send_term(&mark, getuid()), RUN_SIGNALLED);
        ck_assert(ended_by(SIGTERM));
}
END_TEST

START_TEST(another_run_is_not_marked)
{
        struct s6_status status = seen();
        struct run_mark mark = {.pid = 4711};

        status.since_usec--;
        ck_assert_int_eq(run_mark(top, "svc", &status, &mark), -ESRCH);
        status = seen();
        status.pid = getppid();
        ck_assert_int_eq(run_mark(top, "svc", &status, &mark), -ESRCH);
        status = seen();
        write_status(child, SINCE_SECONDS, 4 | 2); /* its finish script */
        ck_assert_int_eq(run_mark(top, "svc", &status, &mark), -ESRCH);
        status.finishing = true;
        ck_assert_int_eq(run_mark(top, "svc", &status, &mark), -ESRCH);
        status = (struct s6_status){.pid = 0};
        ck_assert_int_eq(run_mark(top, "svc", &status, &mark), -ESRCH);
        ck_assert_int_eq(mark.pid, 4711);
}
END_TEST

START_TEST(the_number_of_another_process)
{
        struct run_mark mark = marked();

        mark.birth--;
        ck_assert_int_eq(send_term(&mark, getuid()), RUN_OVER);
        ck_assert(lives());
        ck_assert_int_eq(send_term(&mark, getuid()), RUN_OVER);
        ck_assert(lives());
}
END_TEST

START_TEST(one_that_is_over)
{
        struct s6_status status = seen();
        struct run_mark mark = marked(), none;

        kill(child, SIGKILL);
        for (int i = 0; i < 1000 && lives(); i++)
                usleep(5000);
        ck_assert_int_eq(send_term(&mark, getuid()), RUN_OVER);
        ck_assert_int_eq(run_mark(top, "svc", &status, &none), -ESRCH);
        ck_assert(ended_by(SIGKILL));
}
END_TEST

/* The deputy's real uid would let it. */
START_TEST(a_process_of_another_user_is_spared)
{
        struct run_mark mark = marked();

        ck_assert_int_eq(send_term(&mark, getuid() + 1), RUN_NOT_YET);
        ck_assert(lives());
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("edge_run_signal");
        TCase *tcase = tcase_create("edge_run_signal");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, it_reaches_the_run);
        tcase_add_test(tcase, a_stopped_one_goes_on_and_ends);
        tcase_add_test(tcase, short_of_descriptors);
        tcase_add_test(tcase, another_run_is_not_marked);
        tcase_add_test(tcase, the_number_of_another_process);
        tcase_add_test(tcase, one_that_is_over);
        tcase_add_test(tcase, a_process_of_another_user_is_spared);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
