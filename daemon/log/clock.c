/* SPDX-License-Identifier: ISC */
#include "daemon/log/clock.h"

static int64_t clock_read(clockid_t clock, int64_t per_second)
{
        struct timespec now = {0, 0};

        clock_gettime(clock, &now);
        return (int64_t)now.tv_sec * per_second + now.tv_nsec / (1000000000 / per_second);
}

int64_t clock_msec(void)
{
        return clock_read(CLOCK_MONOTONIC, 1000);
}

int64_t clock_utc_usec(void)
{
        return clock_read(CLOCK_REALTIME, 1000000);
}

int64_t clock_nsec_of(clockid_t clock)
{
        return clock_read(clock, 1000000000);
}
