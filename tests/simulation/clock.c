/* SPDX-License-Identifier: ISC */
/* daemon/log/clock.c, by the virtual clock. */
#include "daemon/log/clock.h"

#include "sim.h"

int64_t clock_msec(void)
{
        return sim_now_usec() / 1000;
}

int64_t clock_utc_usec(void)
{
        return sim_utc_usec();
}

int64_t clock_nsec_of(clockid_t clock)
{
        return (clock == CLOCK_REALTIME ? sim_utc_usec() : sim_now_usec()) * 1000;
}
