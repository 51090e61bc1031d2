/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/edge/groups.h"
#include "daemon/edge/process.h"

#define NOBODYS_PID 0x3fffffff /* above PID_MAX_LIMIT */

START_TEST(its_own_rights)
{
        struct process process = {.uid = 4711};
        cap_value_t kill_value = CAP_KILL;
        cap_flag_value_t has = CAP_CLEAR;
        cap_t set;

        ck_assert_int_eq(process_read(NOBODYS_PID, &process), -ENOENT);
        ck_assert_uint_eq(process.uid, 4711);
        ck_assert_int_eq(process_read(getpid(), &process), 0);
        ck_assert_uint_eq(process.uid, geteuid());
        set = cap_get_proc();
        ck_assert_int_eq(cap_get_flag(set, CAP_KILL, CAP_EFFECTIVE, &has), 0);
        ck_assert_int_eq(process.effective >> CAP_KILL & 1, has == CAP_SET);
        ck_assert_int_eq(cap_set_flag(set, CAP_EFFECTIVE, 1, &kill_value, CAP_CLEAR), 0);
        ck_assert_int_eq(cap_set_proc(set), 0);
        cap_free(set);
        ck_assert_int_eq(process_read(getpid(), &process), 0);
        ck_assert_uint_eq(process.effective >> CAP_KILL & 1, 0);
}
END_TEST

/* A process with that environment, which is there when this returns. */
static pid_t start(char *const environment[])
{
        int ready[2];
        char byte;
        pid_t pid;

        ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0) {
                execle("/bin/sleep", "sleep", "100", NULL, environment);
                _exit(127);
        }
        close(ready[1]);
        ck_assert_int_eq(read(ready[0], &byte, 1), 0); /* closed by its exec */
        close(ready[0]);
        return pid;
}

START_TEST(variables)
{
        char *environment[] = {(char *)"XPATH=/no", (char *)"PATH=/a:/b=c", (char *)"EMPTY=",
                               (char *)"ODD",       (char *)"PATH=/second", NULL};
        char *value = NULL;
        pid_t pid = start(environment);

        ck_assert_int_eq(process_variable(pid, "PATH", &value), 0);
        ck_assert_str_eq(value, "/a:/b=c");
        free(value);
        ck_assert_int_eq(process_variable(pid, "EMPTY", &value), 0);
        ck_assert_str_eq(value, "");
        free(value);
        value = NULL;
        ck_assert_int_eq(process_variable(pid, "ODD", &value), -ENOENT);
        ck_assert_int_eq(process_variable(pid, "PAT", &value), -ENOENT);
        ck_assert_int_eq(process_variable(NOBODYS_PID, "PATH", &value), -ENOENT);
        ck_assert_ptr_null(value);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}
END_TEST

START_TEST(who_holds_a_lock)
{
        char root[] = "/tmp/edge-process-XXXXXX";
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int ready[2];
        char byte;
        int at;
        pid_t pid;

        ck_assert_ptr_nonnull(mkdtemp(root));
        at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_eq(process_holding(at, "lock"), -ENOENT);
        close(openat(at, "lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        ck_assert_int_eq(process_holding(at, "lock"), 0);
        ck_assert_int_eq(pipe(ready), 0);
        pid = fork();
        if (pid == 0) {
                int fd = openat(at, "lock", O_RDWR | O_CLOEXEC);

                (void)!(fcntl(fd, F_SETLK, &lock) == 0 && write(ready[1], "x", 1));
                pause();
                _exit(0);
        }
        ck_assert_int_eq(read(ready[0], &byte, 1), 1);
        ck_assert_int_eq(process_holding(at, "lock"), pid);
        ck_assert_int_eq(process_holding(at, "lock"), pid); /* asking takes nothing */
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        ck_assert_int_eq(process_holding(at, "lock"), 0);
        ck_assert_int_eq(symlinkat("lock", at, "link"), 0);
        ck_assert_int_eq(process_holding(at, "link"), -ELOOP);
        ck_assert_int_eq(unlinkat(at, "lock", 0) + unlinkat(at, "link", 0) + rmdir(root), 0);
        close(at);
}
END_TEST

START_TEST(whether_it_is_at_work)
{
        pid_t pid = fork();
        int status;

        if (pid == 0)
                for (;;)
                        pause();
        ck_assert_int_eq(process_state(NOBODYS_PID), PROCESS_STATE_ENDED);
        ck_assert_int_eq(process_state(getpid()), PROCESS_STATE_OTHER);
        ck_assert_int_eq(process_state(pid), PROCESS_STATE_OTHER);
        kill(pid, SIGSTOP);
        ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
        ck_assert_int_eq(process_state(pid), PROCESS_STATE_STOPPED);
        kill(pid, SIGCONT);
        ck_assert_int_eq(waitpid(pid, &status, WCONTINUED), pid);
        ck_assert_int_eq(process_state(pid), PROCESS_STATE_OTHER);
        kill(pid, SIGKILL);
        /* A zombie: waited for, and left. */
        ck_assert_int_eq(waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
        ck_assert_int_eq(process_state(pid), PROCESS_STATE_ENDED);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}
END_TEST

/* As a program with the set-user-id bit that another user began. */
START_TEST(whose_alone_it_is)
{
        int ready[2];
        char byte;
        pid_t pid;

        if (geteuid() != 0)
                return;
        ck_assert_int_eq(process_is_only_users(getpid(), 0), 1);
        ck_assert_int_eq(process_is_only_users(getpid(), 10000), 0);
        ck_assert_int_eq(process_is_only_users(NOBODYS_PID, 0), -ESRCH);
        ck_assert_int_eq(pipe(ready), 0);
        pid = fork();
        if (pid == 0) {
                (void)!(setresuid(10000, 0, 0) == 0 && write(ready[1], "x", 1));
                for (;;)
                        pause();
        }
        ck_assert_int_eq(read(ready[0], &byte, 1), 1);
        ck_assert_int_eq(process_is_only_users(pid, 0), 0);
        ck_assert_int_eq(process_is_only_users(pid, 10000), 0);
        ck_assert_int_eq(process_is_users(pid, 10000), 1);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}
END_TEST

START_TEST(groups_that_cannot_be_read)
{
        char root[] = "/tmp/svcbroker-groups-XXXXXX";
        struct rlimit before, none;
        struct groups groups;
        int at, file;

        ck_assert_ptr_nonnull(mkdtemp(root));
        at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_eq(mkdirat(at, "a", 0700) + mkdirat(at, "a/data", 0700), 0);
        ck_assert_int_eq(groups_read(at, "a", 0, &groups), 0);
        file = openat(at, "a/data/pgid", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        ck_assert_int_eq(write(file, "77:5\n78:6\nx\n", 12), 12);
        close(file);
        ck_assert_int_eq(groups_read(at, "a", 0, &groups), 2);
        ck_assert_int_eq(groups.marks[1].pid, 78);
        getrlimit(RLIMIT_NOFILE, &before);
        none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
        setrlimit(RLIMIT_NOFILE, &none);
        file = groups_read(at, "a", 0, &groups);
        setrlimit(RLIMIT_NOFILE, &before);
        ck_assert_int_eq(file, -EMFILE);
        ck_assert_int_eq(unlinkat(at, "a/data/pgid", 0) + unlinkat(at, "a/data", AT_REMOVEDIR) +
                                 unlinkat(at, "a", AT_REMOVEDIR) + rmdir(root),
                         0);
        close(at);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {its_own_rights,        variables,         who_holds_a_lock,
                                whether_it_is_at_work, whose_alone_it_is, groups_that_cannot_be_read};

        return unit_run(unit_suite_of("edge_process", tests));
}
