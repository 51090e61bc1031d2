/* SPDX-License-Identifier: ISC */
/*
 * slot ROUNDS WORDS DIRECTORY PROGRAM WORD... -- DIRECTORY PROGRAM WORD...: runs the two in turns, each in its
 * directory, and counts the processor time of all that it becomes and waits for, in microseconds: medians, and the
 * median of the rounds' ratios. WORDS is `until-up` (until it has become `hermes`, which is this program by that
 * name) or `to-its-end`.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static double usec(const struct timeval *time)
{
        return (double)time->tv_sec * 1e6 + (double)time->tv_usec;
}

static void become(char **words, int output)
{
        int null = open("/dev/null", O_RDWR);

        if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 && setsid() > 0 &&
            chdir(words[0]) == 0)
                execv(words[1], words + 1);
        _exit(127);
}

static double cost(char **words, int until_up)
{
        char byte = '\0';
        struct rusage usage;
        int ends[2], status;
        pid_t pid;

        if (pipe2(ends, O_CLOEXEC) < 0 || (pid = fork()) < 0)
                bench_fail("no process");
        if (pid == 0)
                become(words, ends[1]);
        close(ends[1]);
        if (until_up && (read(ends[0], &byte, 1) != 1 || byte != '!'))
                bench_fail("%s %s does not become hermes", words[0], words[1]);
        if (until_up)
                kill(pid, SIGKILL);
        if (wait4(pid, &status, 0, &usage) != pid || (!until_up && WIFSIGNALED(status)) ||
            (WIFEXITED(status) && WEXITSTATUS(status) == 127))
                bench_fail("%s %s ended with %x", words[0], words[1], status);
        close(ends[0]);
        return usec(&usage.ru_utime) + usec(&usage.ru_stime);
}

int main(int argc, char **argv)
{
        const char *name = strrchr(argv[0], '/');
        char **other;
        double *ours, *others, *ratios;
        long rounds;

        if (strcmp(name ? name + 1 : argv[0], "hermes") == 0) {
                if (write(STDOUT_FILENO, "!", 1) == 1)
                        pause();
                return 1;
        }
        for (other = argv + (argc > 4 ? 4 : argc); *other && strcmp(*other, "--") != 0; other++)
                ;
        if (!*other)
                bench_fail("usage: slot ROUNDS until-up|to-its-end DIRECTORY PROGRAM WORD... -- DIRECTORY "
                           "PROGRAM WORD...");
        *other++ = NULL;
        rounds = bench_number(argv[1]);
        ours = calloc((size_t)rounds * 3, sizeof(*ours));
        if (!ours)
                bench_fail("too many");
        others = ours + rounds;
        ratios = others + rounds;
        for (long i = 0; i < rounds; i++) {
                ours[i] = cost(argv + 3, strcmp(argv[2], "until-up") == 0);
                others[i] = cost(other, strcmp(argv[2], "until-up") == 0);
                ratios[i] = ours[i] / others[i];
        }
        printf("%.2f %.2f %.3f\n", bench_median(ours, (size_t)rounds), bench_median(others, (size_t)rounds),
               bench_median(ratios, (size_t)rounds));
        free(ours);
        return 0;
}
