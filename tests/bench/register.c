/* SPDX-License-Identifier: ISC */
/*
 * register SOCKET SCANDIR PREPARED WORK ROUNDS: three ways from nothing to a supervised service that is down,
 * with a logger, in turns, the way back not timed:
 *
 * - Register, until its reply.
 *
 * - s6-svlink -d of a directory that is there already, a copy of PREPARED below WORK.
 *
 * - cp -a of PREPARED, then s6-svlink -d.
 *
 * All three wait until both supervisors run. Prints the three medians in microseconds, and the medians of the
 * rounds' ratios of the first to each of the others.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define CP "/bin/cp"
#define RM "/bin/rm"
#define SVLINK "/usr/bin/s6-svlink"
#define SVUNLINK "/usr/bin/s6-svunlink"
#define NAME "bench-floor"

struct place {
        const char *scandir;
        const char *prepared;
        char copy[512];
};

static void must(const char *const argv[])
{
        if (bench_spawn(argv) != 0)
                bench_fail("%s %s: failed", argv[0], argv[1]);
}

static double since(int64_t began)
{
        return (double)(bench_now_nsec() - began) / 1000;
}

static double time_register(int fd)
{
        int64_t began = bench_now_nsec();
        double usec;

        bench_call(fd, "{\"method\":\"io.svcbroker.Register\",\"parameters\":{\"profile\":\"bench-again\","
                       "\"start\":false}}");
        usec = since(began);
        bench_call(fd,
                   "{\"method\":\"io.svcbroker.Unregister\",\"parameters\":{\"profile\":\"bench-again\"}}");
        return usec;
}

static double time_svlink(struct place *place, bool with_copy)
{
        const char *const copy[] = {CP, "-a", place->prepared, place->copy, NULL};
        const char *const link[] = {SVLINK, "-d", "-t", "20000", place->scandir, place->copy, NAME, NULL};
        const char *const unlink[] = {SVUNLINK, "-X", "-t", "20000", place->scandir, NAME, NULL};
        const char *const remove[] = {RM, "-rf", place->copy, NULL};
        int64_t began;
        double usec;

        if (!with_copy)
                must(copy);
        began = bench_now_nsec();
        if (with_copy)
                must(copy);
        must(link);
        usec = since(began);
        must(unlink);
        must(remove);
        return usec;
}

int main(int argc, char **argv)
{
        struct place place;
        double *values[5];
        long rounds;
        int fd;

        if (argc != 6)
                bench_fail("usage: register SOCKET SCANDIR PREPARED WORK ROUNDS");
        place = (struct place){.scandir = argv[2], .prepared = argv[3]};
        snprintf(place.copy, sizeof(place.copy), "%s/" NAME, argv[4]);
        rounds = bench_number(argv[5]);
        for (int i = 0; i < 5; i++) {
                values[i] = calloc((size_t)rounds, sizeof(double));
                if (!values[i])
                        bench_fail("too many");
        }
        fd = bench_connect(argv[1]);
        for (long i = -1; i < rounds; i++) {
                double ours = time_register(fd);
                double link = time_svlink(&place, false);
                double copy_and_link = time_svlink(&place, true);

                if (i < 0) /* for warming up */
                        continue;
                values[0][i] = ours;
                values[1][i] = link;
                values[2][i] = copy_and_link;
                values[3][i] = ours / link;
                values[4][i] = ours / copy_and_link;
        }
        for (int i = 0; i < 5; i++) {
                printf("%.3f%c", bench_median(values[i], (size_t)rounds), i < 4 ? ' ' : '\n');
                free(values[i]);
        }
        return 0;
}
