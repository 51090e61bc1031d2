/* SPDX-License-Identifier: ISC */
/*
 * spawn ROUNDS OURS... -- FLOOR...: runs the two commands (absolute paths) in turns, each to its end. Prints
 * the medians in microseconds and the median of the rounds' ratios.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static double timed(char **argv, int *status)
{
        int64_t began = bench_now_nsec();

        *status = bench_spawn((const char *const *)argv);
        return (double)(bench_now_nsec() - began) / 1000;
}

int main(int argc, char **argv)
{
        char **floor_argv = argv + 2;
        double *ours, *floors, *ratios;
        long rounds;

        for (argc = 0; argv[argc]; argc++)
                if (argc > 2 && !strcmp(argv[argc], "--") && floor_argv == argv + 2) {
                        argv[argc] = NULL;
                        floor_argv = argv + argc + 1;
                        break;
                }
        if (floor_argv == argv + 2 || !*floor_argv)
                bench_fail("usage: spawn ROUNDS OURS... -- FLOOR...");
        rounds = bench_number(argv[1]);
        ours = calloc((size_t)rounds * 3, sizeof(*ours));
        if (!ours)
                bench_fail("too many");
        floors = ours + rounds;
        ratios = floors + rounds;
        /* The first is for warming up. */
        for (long i = -1; i < rounds; i++) {
                int status[2];
                double a = timed(argv + 2, &status[0]);
                double b = timed(floor_argv, &status[1]);

                if (status[0] > 3 || status[1] > 3)
                        bench_fail("exit status %d and %d", status[0], status[1]);
                if (i < 0)
                        continue;
                ours[i] = a;
                floors[i] = b;
                ratios[i] = a / b;
        }
        printf("%.2f %.2f %.3f\n", bench_median(ours, (size_t)rounds), bench_median(floors, (size_t)rounds),
               bench_median(ratios, (size_t)rounds));
        free(ours);
        return 0;
}
