/* SPDX-License-Identifier: ISC */
/*
 * What it costs that an order is on the disk before it is answered. Both take turns; medians, and the median
 * of the rounds' ratios.
 *
 * - durable one SOCKET REQUEST DIRECTORY ROUNDS: one call, against what a program with the same right would
 * do by itself: write a file of that size in DIRECTORY, fsync, rename. Microseconds.
 *
 * - durable all SOCKET ALL ONE COUNT ROUNDS: one call for all, against COUNT calls, one after the other; in
 * ONE, %ld is the number of the service. Milliseconds.
 *
 * - durable batch SOCKET ALL ONE DIRECTORY COUNT ROUNDS: one call for all, against what a program with the same right would do by
 * itself: make COUNT files beside those in DIRECTORY, syncfs, rename each, fsync. Milliseconds.
 *
 * - durable crowd SOCKET ONE COUNT: COUNT connections, each with one call, all at once. How many answers say that it is not on the
 * disk, and after how many milliseconds the last one came.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define RECORD "{\"version\":1,\"want\":\"up\"}\n"

static double since(int64_t began, double unit_nsec)
{
        return (double)(bench_now_nsec() - began) / unit_nsec;
}

static void write_bare(int directory)
{
        int fd = openat(directory, "bare.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        if (fd < 0 || write(fd, RECORD, strlen(RECORD)) < 0 || fsync(fd) < 0 || close(fd) < 0 ||
            renameat(directory, "bare.new", directory, "bare") < 0)
                bench_fail("cannot write: %s", strerror(errno));
}

static void print_medians(double *ours, double *floors, double *ratios, long rounds)
{
        for (long i = 0; i < rounds; i++)
                ratios[i] = ours[i] / floors[i];
        printf("%.3f ", bench_median(ours, (size_t)rounds));
        printf("%.3f ", bench_median(floors, (size_t)rounds));
        printf("%.3f\n", bench_median(ratios, (size_t)rounds));
}

/* Who orders the same again within seconds has it done once: a Reset of the same makes a Stop one of its own. */
static void forget(int fd, const char *request)
{
        static const char order[] = "io.svcbroker.Stop";
        const char *at = strstr(request, order);
        char reset[1024];

        if (!at)
                bench_fail("%s: is no Stop", request);
        snprintf(reset, sizeof(reset), "%.*sio.svcbroker.Reset%s", (int)(at - request), request,
                 at + strlen(order));
        bench_call(fd, reset);
}

static void one(char **argv, double *ours, double *floors, long rounds)
{
        int fd = bench_connect(argv[2]);
        int directory = open(argv[4], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (directory < 0)
                bench_fail("%s: %s", argv[4], strerror(errno));
        for (long i = -1; i < rounds; i++) { /* the first is for warming up */
                int64_t began;
                long at = i < 0 ? 0 : i;

                forget(fd, argv[3]);
                began = bench_now_nsec();
                bench_call(fd, argv[3]);
                ours[at] = since(began, 1000);
                began = bench_now_nsec();
                write_bare(directory);
                floors[at] = since(began, 1000);
        }
        close(directory);
        close(fd);
}

static int crowd(char **argv)
{
        long count = bench_number(argv[4]), lost = 0;
        int *fds = calloc((size_t)count, sizeof(*fds));
        size_t length;
        int64_t began;

        if (!fds)
                bench_fail("too many");
        for (long i = 0; i < count; i++)
                fds[i] = bench_connect(argv[2]);
        began = bench_now_nsec();
        for (long i = 0; i < count; i++)
                bench_send(fds[i], bench_numbered(argv[3], i + 1));
        for (long i = 0; i < count; i++) {
                lost += !strstr(bench_receive(fds[i], &length), "\"persisted\":true");
                close(fds[i]);
        }
        printf("%ld %.0f\n", lost, since(began, 1e6));
        free(fds);
        return 0;
}

static void forget_all(int fd, const char *pattern, long count)
{
        for (long number = 1; number <= count; number++)
                forget(fd, bench_numbered(pattern, number));
}

/* One call for all, none of which is a repetition: milliseconds. */
static double order_all(int fd, const char *all, const char *one, long count)
{
        int64_t began;

        forget_all(fd, one, count);
        began = bench_now_nsec();
        bench_call(fd, all);
        return since(began, 1e6);
}

static void all(char **argv, double *ours, double *floors, long rounds)
{
        int fd = bench_connect(argv[2]);
        long count = bench_number(argv[5]);

        for (long i = -1; i < rounds; i++) {
                int64_t began;
                long at = i < 0 ? 0 : i;

                ours[at] = order_all(fd, argv[3], argv[4], count);
                forget_all(fd, argv[4], count);
                began = bench_now_nsec();
                for (long number = 1; number <= count; number++)
                        bench_call(fd, bench_numbered(argv[4], number));
                floors[at] = since(began, 1e6);
        }
        close(fd);
}

static void write_bare_batch(int directory, long count)
{
        char fresh[32], name[32];
        int kept = -1;

        for (long number = 1; number <= count; number++) {
                int fd;

                snprintf(fresh, sizeof(fresh), ".bare-%ld", number);
                fd = openat(directory, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
                if (fd < 0 || write(fd, RECORD, strlen(RECORD)) < 0)
                        bench_fail("cannot write: %s", strerror(errno));
                if (kept < 0)
                        kept = fd;
                else
                        close(fd);
        }
        if (syncfs(kept) < 0 || close(kept) < 0)
                bench_fail("cannot sync: %s", strerror(errno));
        for (long number = 1; number <= count; number++) {
                snprintf(fresh, sizeof(fresh), ".bare-%ld", number);
                snprintf(name, sizeof(name), "bare-%ld", number);
                if (renameat(directory, fresh, directory, name) < 0)
                        bench_fail("cannot rename: %s", strerror(errno));
        }
        if (fsync(directory) < 0)
                bench_fail("cannot sync: %s", strerror(errno));
}

static void batch(char **argv, double *ours, double *floors, long rounds)
{
        int fd = bench_connect(argv[2]);
        int directory = open(argv[5], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        long count = bench_number(argv[6]);

        if (directory < 0)
                bench_fail("%s: %s", argv[5], strerror(errno));
        for (long i = -1; i < rounds; i++) {
                int64_t began;
                long at = i < 0 ? 0 : i;

                ours[at] = order_all(fd, argv[3], argv[4], count);
                began = bench_now_nsec();
                write_bare_batch(directory, count);
                floors[at] = since(began, 1e6);
        }
        close(directory);
        close(fd);
}

int main(int argc, char **argv)
{
        bool is_all = argc == 7 && !strcmp(argv[1], "all");
        bool is_batch = argc == 8 && !strcmp(argv[1], "batch");
        double *values[3];
        long rounds;

        if (argc == 5 && !strcmp(argv[1], "crowd"))
                return crowd(argv);
        if (!is_all && !is_batch && (argc != 6 || strcmp(argv[1], "one") != 0))
                bench_fail("usage: durable one SOCKET REQUEST DIRECTORY ROUNDS | durable all SOCKET ALL ONE "
                           "COUNT ROUNDS | durable batch SOCKET ALL ONE DIRECTORY COUNT ROUNDS | durable "
                           "crowd SOCKET ONE COUNT");
        rounds = bench_number(argv[argc - 1]);
        for (int i = 0; i < 3; i++) {
                values[i] = calloc((size_t)rounds, sizeof(double));
                if (!values[i])
                        bench_fail("too many");
        }
        if (is_all)
                all(argv, values[0], values[1], rounds);
        else if (is_batch)
                batch(argv, values[0], values[1], rounds);
        else
                one(argv, values[0], values[1], rounds);
        print_medians(values[0], values[1], values[2], rounds);
        for (int i = 0; i < 3; i++)
                free(values[i]);
        return 0;
}
