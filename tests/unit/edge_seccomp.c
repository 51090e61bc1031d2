/* SPDX-License-Identifier: ISC */
#include "daemon/edge/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/edge/seccomp_calls.h"
#include "tests/unit/unit.h"

/* Each attempt is a child's: whoever is confined does not come back. */
#define DIED 1000
#define WORKED 0

static bool can_be_confined(void)
{
        const char *preloaded = getenv("LD_PRELOAD");
        struct seccomp seccomp;

        seccomp_begin(&seccomp, SECCOMP_OFF);
        /* What valgrind calls would be refused, too. */
        return !seccomp.sanitized && !(preloaded && strstr(preloaded, "vgpreload"));
}

static void confine(enum seccomp_mode mode, enum confine kind)
{
        struct seccomp seccomp;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                _exit(200);
        seccomp_begin(&seccomp, mode);
        seccomp_settle(&seccomp);
        if (seccomp.refused || (mode == SECCOMP_ON && !seccomp_holds(&seccomp)))
                _exit(201);
        if (kind != CONFINE_LOOP && confine_take(kind))
                _exit(202);
}

/* errno of it, WORKED, or DIED: of SIGSYS. */
static int outcome(pid_t child)
{
        int status;

        ck_assert_int_eq(child, waitpid(child, &status, 0));
        if (WIFSIGNALED(status)) {
                ck_assert_int_eq(SIGSYS, WTERMSIG(status));
                return DIED;
        }
        ck_assert_int_lt(WEXITSTATUS(status), 200);
        return WEXITSTATUS(status);
}

static pid_t start(void)
{
        pid_t child = fork();

        ck_assert_int_ge(child, 0);
        return child;
}

/* One call, made by a thread of that kind. */
#define attempt(mode, kind, call)                                                                            \
        ({                                                                                                   \
                pid_t attempt_child = start();                                                               \
                if (attempt_child == 0) {                                                                    \
                        confine(mode, kind);                                                                 \
                        _exit((call) < 0 ? errno : WORKED);                                                  \
                }                                                                                            \
                outcome(attempt_child);                                                                      \
        })

START_TEST(what_is_forbidden_ends_the_process)
{
        unsigned tried = 0;

        for (const char *const *name = seccomp_forbidden; *name; name++) {
                int number = seccomp_syscall_resolve_name(*name);

                if (number < 0)
                        continue;
                tried++;
                ck_assert_msg(attempt(SECCOMP_ON, CONFINE_LOOP, syscall(number, -1, -1, -1, -1, -1, -1)) ==
                                      DIED,
                              "%s", *name);
        }
        ck_assert_uint_ge(tried, 40);
}
END_TEST

/* And for each kind of thread, and where the rest is only noted. */
START_TEST(it_does_so_everywhere)
{
        static const char *const names[] = {"execve",         "ptrace", "mount",
                                            "io_uring_setup", "bpf",    "socketpair"};

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                int number = seccomp_syscall_resolve_name(names[i]);

                for (int kind = 0; kind < CONFINE_KINDS; kind++)
                        ck_assert_msg(attempt(SECCOMP_ON, (enum confine)kind,
                                              syscall(number, -1, -1, -1, -1, -1, -1)) == DIED,
                                      "%s of %d", names[i], kind);
                ck_assert_msg(attempt(SECCOMP_LOG, CONFINE_LOOP, syscall(number, -1, -1, -1, -1, -1, -1)) ==
                                      DIED,
                              "%s, log", names[i]);
        }
}
END_TEST

static bool comes_back(const char *name)
{
        static const char *const leaving[] = {"exit", "exit_group", "rt_sigreturn", "sigreturn"};

        for (size_t i = 0; i < sizeof(leaving) / sizeof(leaving[0]); i++)
                if (strcmp(name, leaving[i]) == 0)
                        return false;
        return true;
}

/* Whether the kernel itself refuses it to us before it looks at what it was asked. */
static bool is_for_root(const char *name)
{
        return geteuid() != 0 && (strcmp(name, "setgroups") == 0 || strcmp(name, "setgroups32") == 0);
}

/* With nonsense, that the kernel refuses for what it is: nothing of it has EPERM for that. */
static void try_all(enum confine kind)
{
        confine(SECCOMP_ON, kind);
        for (const struct seccomp_call *call = seccomp_allowed; call->name; call++) {
                int number = seccomp_syscall_resolve_name(call->name);
                bool listed = kind == CONFINE_LOOP || call->who >> kind & 1;
                bool refused;

                if (number < 0 || !comes_back(call->name) || is_for_root(call->name) ||
                    (!listed && strcmp(call->name, "kill") == 0))
                        continue;
                refused = syscall(number, -1, -1, -1, -1, -1, -1) < 0 && errno == EPERM;
                if (refused == listed) {
                        (void)!write(STDERR_FILENO, call->name, strlen(call->name));
                        (void)!write(STDERR_FILENO, "\n", 1);
                        _exit(199);
                }
        }
        _exit(WORKED);
}

START_TEST(each_thread_has_what_is_listed_for_it)
{
        pid_t child = start();

        if (child == 0)
                try_all((enum confine)_i);
        ck_assert_int_eq(WORKED, outcome(child));
}
END_TEST

START_TEST(what_nobody_has_listed_fails)
{
        for (int kind = 0; kind < CONFINE_KINDS; kind++)
                ck_assert_int_eq(EPERM,
                                 attempt(SECCOMP_ON, (enum confine)kind, sched_get_priority_max(SCHED_FIFO)));
        ck_assert_int_eq(WORKED, attempt(SECCOMP_LOG, CONFINE_LOOP, sched_get_priority_max(SCHED_FIFO)));
        ck_assert_int_eq(WORKED, attempt(SECCOMP_LOG, CONFINE_CLOSER, sched_get_priority_max(SCHED_FIFO)));
        ck_assert_int_eq(WORKED, attempt(SECCOMP_OFF, CONFINE_LOOP, sched_get_priority_max(SCHED_FIFO)));
        ck_assert_int_eq(WORKED, attempt(SECCOMP_OFF, CONFINE_CLOSER, sched_get_priority_max(SCHED_FIFO)));
}
END_TEST

/* So that a C library of a later time goes the way that it has for older kernels. */
START_TEST(what_is_newer_than_the_list_is_not_there)
{
        for (int kind = 0; kind < CONFINE_KINDS; kind++)
                for (int number = SECCOMP_CALL_LAST + 1; number < SECCOMP_CALL_LAST + 60; number += 7)
                        ck_assert_int_eq(
                                ENOSYS, attempt(SECCOMP_ON, (enum confine)kind, syscall(number, -1, -1, -1)));
        ck_assert_int_eq(ENOSYS, attempt(SECCOMP_ON, CONFINE_LOOP, syscall(SYS_clone3, NULL, 0)));
}
END_TEST

/* Before the loop is there, and for good. */
START_TEST(io_uring_is_not_there_from_the_beginning)
{
        pid_t child = start();

        if (child == 0) {
                struct seccomp seccomp;

                prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                seccomp_begin(&seccomp, SECCOMP_ON);
                for (int number = SYS_io_uring_setup; number <= SYS_io_uring_register; number++)
                        if (syscall(number, 1, NULL) != -1 || errno != ENOSYS)
                                _exit(199);
                if (fcntl(-1, F_GETFD) != -1 || errno != EBADF)
                        _exit(198);
                _exit(syscall(SECCOMP_CALL_LAST, -1) == -1 && errno == EPERM ? 197 : WORKED);
        }
        ck_assert_int_eq(WORKED, outcome(child));
}
END_TEST

START_TEST(sockets_of_another_kind_end_the_process)
{
        static const int others[][2] = {
                {AF_INET, SOCK_STREAM},
                {AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC},
                {AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC},
                {AF_NETLINK, SOCK_RAW},
                {AF_PACKET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC},
                {AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC},
                {AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC},
                {AF_UNIX, SOCK_STREAM},
        };

        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
                ck_assert_msg(attempt(SECCOMP_ON, CONFINE_LOOP, socket(others[i][0], others[i][1], 0)) ==
                                      DIED,
                              "%zu", i);
        ck_assert_int_eq(WORKED, attempt(SECCOMP_ON, CONFINE_LOOP,
                                         socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
        ck_assert_int_eq(DIED, attempt(SECCOMP_ON, CONFINE_VOLUME, socket(AF_INET, SOCK_STREAM, 0)));
        ck_assert_int_eq(EPERM, attempt(SECCOMP_ON, CONFINE_VOLUME,
                                        socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
}
END_TEST

START_TEST(processes_end_the_process)
{
        ck_assert_int_eq(DIED, attempt(SECCOMP_ON, CONFINE_LOOP, fork()));
        ck_assert_int_eq(DIED,
                         attempt(SECCOMP_ON, CONFINE_LOOP, syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0)));
        ck_assert_int_eq(DIED, attempt(SECCOMP_ON, CONFINE_LOOP,
                                       syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0)));
        ck_assert_int_eq(EPERM,
                         attempt(SECCOMP_ON, CONFINE_LOOP,
                                 syscall(SYS_clone, CLONE_THREAD | CLONE_NEWNET, NULL, NULL, NULL, 0)));
        ck_assert_int_eq(DIED, attempt(SECCOMP_ON, CONFINE_CLOSER, fork()));
        ck_assert_int_eq(EPERM, attempt(SECCOMP_ON, CONFINE_VOLUME,
                                        syscall(SYS_clone, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND, NULL,
                                                NULL, NULL, 0)));
}
END_TEST

static void *confined_thread(void *argument)
{
        *(int *)argument = confine_take(CONFINE_VOLUME);
        /* An arena of its own, a file, and a time zone, as libraries have it. */
        free(malloc(100));
        free(malloc(10000000));
        *(int *)argument |= open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0;
        return NULL;
}

static int start_threads(void)
{
        for (int i = 0; i < 3; i++) {
                pthread_t thread;
                int result = -1;

                if (pthread_create(&thread, NULL, confined_thread, &result) || pthread_join(thread, NULL) ||
                    result)
                        return -1;
        }
        return confine_failure() ? -1 : 0;
}

START_TEST(the_loop_goes_on_to_start_threads)
{
        ck_assert_int_eq(WORKED, attempt(SECCOMP_ON, CONFINE_LOOP, start_threads()));
        ck_assert_int_eq(WORKED, attempt(SECCOMP_LOG, CONFINE_LOOP, start_threads()));
}
END_TEST

START_TEST(some_arguments_are_refused)
{
        struct rlimit limit = {1, 1};
        int bytes;

        ck_assert_int_eq(EPERM, attempt(SECCOMP_ON, CONFINE_LOOP,
                                        syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, NULL)));
        ck_assert_int_eq(WORKED, attempt(SECCOMP_ON, CONFINE_CLOSER, getrlimit(RLIMIT_CORE, &limit)));
        ck_assert_int_eq(EPERM,
                         attempt(SECCOMP_ON, CONFINE_LOOP, syscall(SYS_tgkill, getppid(), getppid(), 0)));
        ck_assert_int_eq(WORKED,
                         attempt(SECCOMP_ON, CONFINE_CLOSER, syscall(SYS_tgkill, getpid(), getpid(), 0)));
        ck_assert_int_eq(EPERM, attempt(SECCOMP_ON, CONFINE_WATCHDOG, kill(getppid(), 0)));
        ck_assert_int_eq(WORKED, attempt(SECCOMP_ON, CONFINE_WATCHDOG, kill(getpid(), 0)));
        ck_assert_int_eq(WORKED, attempt(SECCOMP_ON, CONFINE_PROCESSES, kill(getppid(), 0)));
        ck_assert_int_eq(EPERM, attempt(SECCOMP_ON, CONFINE_VOLUME, kill(getpid(), 0)));
        ck_assert_int_eq(EPERM, attempt(SECCOMP_ON, CONFINE_LOOP, ioctl(-1, TIOCSTI, "x")));
        ck_assert_int_eq(EBADF, attempt(SECCOMP_ON, CONFINE_LOOP, ioctl(-1, FIONREAD, &bytes)));
}
END_TEST

#ifdef __x86_64__
#define X32 0x40000000
#define I386_GETPID 20

static int call_as_i386(void)
{
        long result;

        __asm__ volatile("int $0x80" : "=a"(result) : "a"(I386_GETPID) : "memory");
        return (int)result;
}

START_TEST(calls_of_another_architecture_end_the_process)
{
        for (int kind = 0; kind < CONFINE_KINDS; kind++)
                ck_assert_int_eq(DIED, attempt(SECCOMP_ON, (enum confine)kind, syscall(X32 | SYS_getpid)));
        ck_assert_int_eq(DIED, attempt(SECCOMP_LOG, CONFINE_LOOP, syscall(X32 | SYS_getpid)));
        ck_assert_int_eq(DIED, attempt(SECCOMP_ON, CONFINE_LOOP, call_as_i386()));
}
END_TEST
#else
START_TEST(calls_of_another_architecture_end_the_process)
{
}
END_TEST
#endif

/* abort() and __stack_chk_fail() end it by SIGABRT, in every thread, and not by what they call for that. */
START_TEST(it_can_abort)
{
        for (int kind = 0; kind < CONFINE_KINDS; kind++) {
                pid_t child = start();
                int status;

                if (child == 0) {
                        confine(SECCOMP_ON, (enum confine)kind);
                        abort();
                }
                ck_assert_int_eq(child, waitpid(child, &status, 0));
                ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
        }
}
END_TEST

/* As the profile of a container does. */
static void refuse(long number, int error)
{
        struct sock_filter instructions[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = {4, instructions};

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
                _exit(200);
}

START_TEST(a_kernel_that_takes_no_filter_is_named)
{
        static const int errors[] = {EPERM, ENOSYS, EINVAL};
        pid_t child = start();

        if (child == 0) {
                struct seccomp seccomp;

                refuse(SYS_seccomp, errors[_i]);
                seccomp_begin(&seccomp, SECCOMP_ON);
                seccomp_settle(&seccomp);
                if (seccomp_holds(&seccomp) || seccomp.refused != errors[_i])
                        _exit(199);
                if (confine_take(CONFINE_VOLUME) || confine_failure() != errors[_i])
                        _exit(198);
                _exit(sched_get_priority_max(SCHED_FIFO) < 0);
        }
        ck_assert_int_eq(WORKED, outcome(child));
}
END_TEST

START_TEST(a_sanitizer_turns_it_off)
{
#ifdef SVCBROKER_SANITIZED
        struct seccomp seccomp;

        seccomp_begin(&seccomp, SECCOMP_ON);
        seccomp_settle(&seccomp);
        ck_assert(seccomp.sanitized && !seccomp_holds(&seccomp));
        ck_assert_int_ge(sched_get_priority_max(SCHED_FIFO), 0);
#endif
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("seccomp");
        TCase *tcase = tcase_create("seccomp");

        tcase_add_test(tcase, a_sanitizer_turns_it_off);
        if (can_be_confined()) {
                tcase_add_test(tcase, what_is_forbidden_ends_the_process);
                tcase_add_test(tcase, it_does_so_everywhere);
                tcase_add_loop_test(tcase, each_thread_has_what_is_listed_for_it, 0, CONFINE_KINDS);
                tcase_add_test(tcase, what_nobody_has_listed_fails);
                tcase_add_test(tcase, what_is_newer_than_the_list_is_not_there);
                tcase_add_test(tcase, io_uring_is_not_there_from_the_beginning);
                tcase_add_test(tcase, sockets_of_another_kind_end_the_process);
                tcase_add_test(tcase, processes_end_the_process);
                tcase_add_test(tcase, the_loop_goes_on_to_start_threads);
                tcase_add_test(tcase, some_arguments_are_refused);
                tcase_add_test(tcase, calls_of_another_architecture_end_the_process);
                tcase_add_test(tcase, it_can_abort);
                tcase_add_loop_test(tcase, a_kernel_that_takes_no_filter_is_named, 0, 3);
        }
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
