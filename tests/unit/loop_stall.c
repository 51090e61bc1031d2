/* SPDX-License-Identifier: ISC */
#include "daemon/loop/stall.h"

#include <errno.h>
#include <unistd.h>

#include "unit.h"

/* Whatever sleeps between begin and end is woken, and told so. */
START_TEST(a_sleep_is_interrupted)
{
        int ends[2];
        char byte;

        ck_assert_int_eq(pipe(ends), 0);
        stall_guard_enable();
        stall_guard_begin();
        errno = 0;
        ck_assert_int_eq(read(ends[0], &byte, 1), -1); /* for ever, were it not for the guard */
        ck_assert_int_eq(errno, EINTR);
        ck_assert_int_eq(read(ends[0], &byte, 1), -1); /* again and again */
        stall_guard_end();
        ck_assert_int_eq(alarm(0), 0); /* no more of them is on its way */
}
END_TEST

START_TEST(not_enabled_it_does_nothing)
{
        stall_guard_begin();
        ck_assert_int_eq(alarm(0), 0);
        stall_guard_end();
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_sleep_is_interrupted, not_enabled_it_does_nothing};

        return unit_run(unit_suite_of("loop_stall", tests));
}
