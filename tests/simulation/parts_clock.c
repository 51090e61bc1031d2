/* SPDX-License-Identifier: ISC */
/* The clocks: linked with daemon/log/clock.c and with the one of the simulation, which goes on only when it is told to. */
#include <time.h>

#include "tests/unit/unit.h"

#include "daemon/log/clock.h"

#ifdef SIMULATED
#include "core.h"

static struct core own_core = {.now_usec = 1000000999, .utc_offset_usec = INT64_C(1790000000000000)};

int64_t sim_now_usec(void)
{
        return own_core.now_usec;
}

int64_t sim_utc_usec(void)
{
        return own_core.now_usec + own_core.utc_offset_usec;
}

static void go_on(long msec)
{
        own_core.now_usec += msec * 1000;
}
#else
static void go_on(long msec)
{
        nanosleep(&(struct timespec){.tv_nsec = msec * 1000000}, NULL);
}
#endif

START_TEST(go_forward_and_agree)
{
        int64_t msec = clock_msec(), utc_usec = clock_utc_usec();
        int64_t nsec = clock_nsec_of(CLOCK_MONOTONIC);

        ck_assert_int_ge(nsec / 1000000, msec);
        go_on(7);
        ck_assert_int_ge(clock_msec(), msec + 7);
        ck_assert_int_ge(clock_utc_usec(), utc_usec + 7000);
        ck_assert_int_ge(clock_nsec_of(CLOCK_MONOTONIC), nsec + 7000000);
        /* UTC is of this century, and not the time since the machine began. */
        ck_assert_int_gt(clock_utc_usec(), INT64_C(1600000000) * 1000000);
        ck_assert_int_le(clock_nsec_of(CLOCK_REALTIME) / 1000 - clock_utc_usec(), 1000000);
        ck_assert_int_ge(clock_nsec_of(CLOCK_REALTIME) / 1000, utc_usec);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {go_forward_and_agree};

        return unit_run(unit_suite_of("parts_clock", tests));
}
