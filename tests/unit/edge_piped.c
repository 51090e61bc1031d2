/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/edge/piped.h"

/* What two processes have open, which do nothing. */
static int between[2], container[2], other[2];
static pid_t pids[2];

static void begin(void)
{
        ck_assert_int_eq(pipe2(between, O_CLOEXEC) + pipe2(container, O_CLOEXEC) + pipe2(other, O_CLOEXEC), 0);
}

static pid_t start(int input, int output)
{
        pid_t pid = fork();

        if (pid == 0) {
                dup2(input, 0);
                dup2(output, 1);
                for (;;)
                        pause();
        }
        return pid;
}

/* The logger passes on to the container's output what it reads. */
static enum piped look(int printed, int read, uid_t uid)
{
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        enum piped piped = PIPED_UNKNOWN, now;

        pids[0] = start(null, printed);
        pids[1] = start(read < 0 ? null : read, container[1]);
        close(null);
        /* Until both have theirs; what is expected to stay unknown is what it is at any time. */
        for (int i = 0; i < 200; i++) {
                now = piped_look(pids[0], pids[1], uid);
                if (i > 20 && now == piped)
                        break;
                piped = now;
                usleep(5000);
        }
        for (int i = 0; i < 2; i++) {
                kill(pids[i], SIGKILL);
                waitpid(pids[i], NULL, 0);
        }
        return piped;
}

START_TEST(together)
{
        begin();
        ck_assert_int_eq(look(between[1], between[0], geteuid()), PIPED_TOGETHER);
        ck_assert_int_eq(look(between[1], between[0], geteuid() + 1), PIPED_TOGETHER);
}
END_TEST

START_TEST(apart)
{
        begin();
        ck_assert_int_eq(look(container[1], between[0], geteuid()), PIPED_APART); /* past its logger */
        ck_assert_int_eq(look(container[1], -1, geteuid()), PIPED_APART);
        ck_assert_int_eq(look(other[1], between[0], geteuid() + 1), PIPED_APART); /* nobody reads it any more */
}
END_TEST

/* It has another pipe that it may have made itself, or prints to a file, or to nobody. */
START_TEST(what_says_nothing)
{
        int file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), null = open("/dev/null", O_RDWR | O_CLOEXEC);

        begin();
        ck_assert_int_eq(look(other[1], between[0], geteuid()), PIPED_UNKNOWN);
        ck_assert_int_eq(look(null, between[0], geteuid() + 1), PIPED_UNKNOWN);
        if (file >= 0)
                ck_assert_int_eq(look(file, between[0], geteuid() + 1), PIPED_UNKNOWN);
        dup2(null, container[1]); /* where the container's output is nobody's, too */
        ck_assert_int_eq(look(null, between[0], geteuid()), PIPED_UNKNOWN);
        ck_assert_int_eq(piped_look(0x3fffffff, getpid(), geteuid()), PIPED_UNKNOWN);
        close(file);
        close(null);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {together, apart, what_says_nothing};

        return unit_run(unit_suite_of("edge_piped", tests));
}
