/* SPDX-License-Identifier: ISC */
#include "client/lib/clock.h"

#include <limits.h>
#include <time.h>

int64_t clock_now_msec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int clock_left_msec(int64_t then_msec)
{
        int64_t left_msec = then_msec - clock_now_msec();

        return left_msec < 0 ? 0 : left_msec > INT_MAX ? INT_MAX : (int)left_msec;
}
