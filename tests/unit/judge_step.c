/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/bounds.h"
#include "daemon/judge/step.h"

#define NOW_MSEC 1000000
#define NOW_USEC 1700000000000000

static const struct patience patience = {
        .msec = {[STEP_PROCESS] = 1000, [STEP_READY] = 2000, [STEP_END] = 3000, [STEP_FINISH] = 4000}};
static const struct halt_watch no_halt;
static const struct step_watch no_step;

START_TEST(a_step_has_a_bound)
{
        for (int kind = STEP_PROCESS; kind < STEP_KINDS; kind++) {
                struct step_watch step = {.known = true};
                int64_t bound_msec = patience.msec[kind];

                step_begin(&step, (enum step)kind, 7, &patience, 0, NOW_MSEC, NOW_USEC);
                ck_assert_int_eq(step.since_usec, NOW_USEC);
                ck_assert_int_eq(step_wait_msec(&step, &no_halt, NOW_MSEC), bound_msec);
                ck_assert(!step_is_late(&step, NOW_MSEC + bound_msec - 1));
                ck_assert(step_is_late(&step, NOW_MSEC + bound_msec));
                /* What is late is told once. */
                ck_assert_int_eq(step_wait_msec(&step, &no_halt, NOW_MSEC + bound_msec), INT64_MAX);
        }
}
END_TEST

START_TEST(more_orders_give_no_more_time)
{
        struct step_watch step = {.known = true}, before;

        step_begin(&step, STEP_END, 7, &patience, 0, NOW_MSEC, NOW_USEC);
        before = step;
        step_begin(&step, STEP_END, 7, &patience, 0, NOW_MSEC + 500, NOW_USEC + 500000);
        ck_assert_int_eq(step.until_msec, before.until_msec);
        step_begin(&step, STEP_END, 8, &patience, 0, NOW_MSEC + 500, NOW_USEC + 500000);
        ck_assert_int_eq(step.until_msec, before.until_msec + 500);
        step_begin(&step, STEP_FINISH, 8, &patience, 0, NOW_MSEC + 500, NOW_USEC + 500000);
        ck_assert_int_eq(step.until_msec, NOW_MSEC + 500 + 4000);
}
END_TEST

START_TEST(what_began_unseen_has_its_age)
{
        struct step_watch step = {.known = false};

        step_begin(&step, STEP_END, 7, &patience, 2500, NOW_MSEC, NOW_USEC);
        ck_assert_int_eq(step.since_usec, NOW_USEC - 2500000);
        ck_assert_int_eq(step_wait_msec(&step, &no_halt, NOW_MSEC), 500);
        /* And what begins later begins now, whatever s6 says. */
        step_begin(&step, STEP_FINISH, 7, &patience, 2500, NOW_MSEC, NOW_USEC);
        ck_assert_int_eq(step.since_usec, NOW_USEC);
}
END_TEST

START_TEST(no_step_is_never_late)
{
        struct step_watch step = {.known = false};

        step_begin(&step, STEP_NONE, 7, &patience, 0, NOW_MSEC, NOW_USEC);
        ck_assert(step.known);
        ck_assert_int_eq(step.since_usec, 0);
        ck_assert(!step_is_late(&step, INT64_MAX));
        ck_assert_int_eq(step_wait_msec(&step, &no_halt, NOW_MSEC), INT64_MAX);
}
END_TEST

START_TEST(a_halt_counts_when_it_has_lasted)
{
        struct halt_watch halt = {.pid = 0};

        halt_see(&halt, HALT_STOPPED, 7, NOW_MSEC);
        ck_assert_int_eq(halt_of(&halt, 7, false, NOW_MSEC + HALT_MSEC - 1), HALT_NONE);
        halt_see(&halt, HALT_STOPPED, 7, NOW_MSEC + 100); /* it is the same one */
        ck_assert_int_eq(step_wait_msec(&no_step, &halt, NOW_MSEC + 100), HALT_MSEC - 100);
        ck_assert_int_eq(halt_of(&halt, 7, false, NOW_MSEC + HALT_MSEC), HALT_STOPPED);
        ck_assert_int_eq(step_wait_msec(&no_step, &halt, NOW_MSEC + HALT_MSEC), POLL_MSEC);
        ck_assert_int_eq(halt_of(&halt, 8, false, NOW_MSEC + HALT_MSEC), HALT_NONE); /* another process */
        halt_see(&halt, HALT_NONE, 7, NOW_MSEC + HALT_MSEC);
        ck_assert_int_eq(halt_of(&halt, 7, false, NOW_MSEC + 3 * HALT_MSEC), HALT_NONE);
}
END_TEST

START_TEST(a_pause_needs_not_last)
{
        struct halt_watch halt = {.pid = 7, .kind = HALT_STOPPED, .since_msec = NOW_MSEC};

        ck_assert_int_eq(halt_of(&no_halt, 7, true, NOW_MSEC), HALT_PAUSED);
        ck_assert_int_eq(halt_of(&halt, 7, true, NOW_MSEC + HALT_MSEC), HALT_PAUSED);
        halt.kind = HALT_ENDED;
        ck_assert_int_eq(halt_of(&halt, 7, true, NOW_MSEC + HALT_MSEC), HALT_ENDED);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_step_has_a_bound,    more_orders_give_no_more_time,    what_began_unseen_has_its_age,
                                      no_step_is_never_late, a_halt_counts_when_it_has_lasted, a_pause_needs_not_last};

        return unit_run(unit_suite_of("judge_step", tests));
}
