/* SPDX-License-Identifier: ISC */
/*
 * What the broker relies on of libuv. The same tests are linked with libuv and with loop.c, which stands for it in the simulation
 * (SIMULATED): both must pass them. Of its time and its order; parts_polls.c has what the kernel tells.
 */
#include "parts_loop.h"

static void on_timer(uv_timer_t *timer)
{
        ck_assert(!uv_is_active((uv_handle_t *)timer));
        note(timer);
}

static void timer(uv_timer_t *its, const char *name, uint64_t msec)
{
        ck_assert_int_eq(uv_timer_init(&loop, its), 0);
        its->data = (void *)name;
        ck_assert_int_eq(uv_timer_start(its, on_timer, msec, 0), 0);
        ck_assert(uv_is_active((uv_handle_t *)its));
}

START_TEST(timers_come_by_their_time_then_by_their_start)
{
        uv_timer_t timers[4];

        begin();
        timer(&timers[0], "a", 20);
        timer(&timers[1], "b", 10);
        timer(&timers[2], "c", 20);
        timer(&timers[3], "d", 0);
        ck_assert_uint_le(uv_timer_get_due_in(&timers[0]), 20);
        ck_assert_uint_gt(uv_timer_get_due_in(&timers[0]), 0);
        ck_assert_uint_eq(uv_timer_get_due_in(&timers[3]), 0);
        /* One that is started again is the last of its time. */
        ck_assert_int_eq(uv_timer_start(&timers[0], on_timer, 20, 0), 0);
        run("dbca");
}
END_TEST

static uv_timer_t other;

static void on_stops_other(uv_timer_t *its)
{
        note(its);
        ck_assert_int_eq(uv_timer_stop(&other), 0);
}

START_TEST(one_that_is_stopped_does_not_come)
{
        uv_timer_t first;

        begin();
        ck_assert_int_eq(uv_timer_init(&loop, &first), 0);
        name_it(&first, "a");
        ck_assert_int_eq(uv_timer_start(&first, on_stops_other, 5, 0), 0);
        timer(&other, "b", 5);
        ck_assert_int_eq(uv_timer_start(&first, NULL, 5, 0), UV_EINVAL);
        run("a");
}
END_TEST

static unsigned left;

static void on_again(uv_timer_t *its)
{
        note(its);
        if (left--)
                ck_assert_int_eq(uv_timer_start(its, on_again, 0, 0), 0);
}

START_TEST(one_may_be_started_in_its_own_step)
{
        uv_timer_t its;

        begin();
        left = 2;
        ck_assert_int_eq(uv_timer_init(&loop, &its), 0);
        name_it(&its, "a");
        ck_assert_int_eq(uv_timer_start(&its, on_again, 1, 0), 0);
        run("aaa");
}
END_TEST

static uv_idle_t idles[3];
static uv_prepare_t prepares[2];
static uv_check_t checks[2];
static uv_poll_t polls[2];
static uv_timer_t timers[2];
static int ends[2];

static void on_idle(uv_idle_t *idle)
{
        note(idle);
        uv_idle_stop(idle);
}

static void on_prepare(uv_prepare_t *prepare)
{
        note(prepare);
        uv_prepare_stop(prepare);
}

static void on_closed(uv_handle_t *handle)
{
        note(handle);
}

static void on_check(uv_check_t *check)
{
        note(check);
        uv_check_stop(check);
        name_it(check, "x");
        uv_close((uv_handle_t *)check, on_closed);
        ck_assert(uv_is_closing((uv_handle_t *)check));
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
        char byte;

        note(poll);
        ck_assert_int_eq(status, 0);
        ck_assert_int_eq(events, UV_READABLE);
        ck_assert_int_eq(read(ends[0], &byte, 1), 1);
        ck_assert_int_eq(uv_poll_stop(poll), 0);
}

START_TEST(a_turn_has_its_order)
{
        begin();
        ck_assert_int_eq(pipe(ends), 0);
        ck_assert_int_eq(write(ends[1], "a", 1), 1);
        timer(&timers[0], "t", 0);
        ck_assert_int_eq(uv_check_init(&loop, &checks[0]), 0);
        name_it(&checks[0], "c");
        ck_assert_int_eq(uv_check_start(&checks[0], on_check), 0);
        ck_assert_int_eq(uv_poll_init(&loop, &polls[0], ends[0]), 0);
        name_it(&polls[0], "r");
        ck_assert_int_eq(uv_poll_start(&polls[0], UV_READABLE, on_readable), 0);
        ck_assert_int_eq(uv_prepare_init(&loop, &prepares[0]), 0);
        name_it(&prepares[0], "p");
        ck_assert_int_eq(uv_prepare_start(&prepares[0], on_prepare), 0);
        ck_assert_int_eq(uv_idle_init(&loop, &idles[0]), 0);
        name_it(&idles[0], "i");
        ck_assert_int_eq(uv_idle_start(&idles[0], on_idle), 0);
        run("tiprcx");
}
END_TEST

static void idle(uv_idle_t *its, const char *name, uv_idle_cb callback)
{
        ck_assert_int_eq(uv_idle_init(&loop, its), 0);
        its->data = (void *)name;
        ck_assert_int_eq(uv_idle_start(its, callback), 0);
        ck_assert_int_eq(uv_idle_start(its, callback), 0);
}

START_TEST(of_one_kind_the_last_started_comes_first)
{
        begin();
        idle(&idles[0], "a", on_idle);
        idle(&idles[1], "b", on_idle);
        idle(&idles[2], "c", on_idle);
        ck_assert_int_eq(uv_idle_stop(&idles[0]), 0);
        ck_assert_int_eq(uv_idle_start(&idles[0], on_idle), 0);
        run("acb");
}
END_TEST

static void on_stops_idle(uv_idle_t *its)
{
        note(its);
        uv_idle_stop(its);
        uv_idle_stop(&idles[0]);
        ck_assert_int_eq(uv_idle_start(&idles[2], on_idle), 0); /* for the next turn */
        timer(&timers[0], "t", 0);
}

START_TEST(one_may_stop_and_start_another)
{
        begin();
        idle(&idles[0], "a", on_idle);
        idle(&idles[1], "b", on_stops_idle);
        ck_assert_int_eq(uv_idle_init(&loop, &idles[2]), 0);
        name_it(&idles[2], "c");
        run("btc");
}
END_TEST

static void on_closes_another(uv_handle_t *handle)
{
        note(handle);
        name_it(&timers[0], "z");
        uv_close((uv_handle_t *)&timers[0], on_closed);
        name_it(&idles[0], "i");
        ck_assert_int_eq(uv_idle_start(&idles[0], on_idle), 0);
}

START_TEST(the_last_closed_is_told_first_and_no_step_tells_it)
{
        begin();
        timer(&timers[0], "t", 100000);
        timer(&timers[1], "u", 100000);
        idle(&idles[0], "a", on_idle);
        idle(&idles[1], "b", on_idle);
        ck_assert_int_eq(uv_idle_stop(&idles[0]), 0);
        uv_close((uv_handle_t *)&timers[1], on_closes_another);
        uv_close((uv_handle_t *)&idles[1], on_closed);
        ck_assert_int_eq(uv_timer_start(&timers[1], on_timer, 1, 0), UV_EINVAL);
        ck_assert_str_eq(happened, "");
        run("buiz");
        ck_assert_int_eq(uv_loop_close(&loop), UV_EBUSY);
        uv_close((uv_handle_t *)&idles[0], NULL);
        ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

START_TEST(what_is_unreferenced_keeps_no_loop)
{
        begin();
        timer(&timers[0], "t", 100000);
        uv_unref((uv_handle_t *)&timers[0]);
        timer(&timers[1], "u", 1);
        run("u");
}
END_TEST

START_TEST(the_time_of_the_loop_stands_while_it_steps)
{
        uint64_t before;

        begin();
        before = uv_now(&loop);
        timer(&timers[0], "t", 3);
        run("t");
        ck_assert_uint_ge(uv_now(&loop), before + 3);
        ck_assert_uint_le(uv_hrtime(), uv_hrtime());
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {timers_come_by_their_time_then_by_their_start,
                                      one_that_is_stopped_does_not_come,
                                      one_may_be_started_in_its_own_step,
                                      a_turn_has_its_order,
                                      of_one_kind_the_last_started_comes_first,
                                      one_may_stop_and_start_another,
                                      the_last_closed_is_told_first_and_no_step_tells_it,
                                      what_is_unreferenced_keeps_no_loop,
                                      the_time_of_the_loop_stands_while_it_steps};

        return unit_run(unit_suite_of("parts_loop", tests));
}
