#include "unit.h"

#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include <uv.h>

#include "daemon/edge/deputy.h"

/* A job that ends when the test lets it. */
struct held {
        struct deputy_job job;
        int gate[2]; /* a byte lets it go */
        int worked, done, late, dropped;
        int order; /* which one it was to be worked, from 1 on */
};

static int worked_so_far;
static uv_loop_t loop;
static struct deputy deputy;

static void held_work(struct deputy_job *job)
{
        struct held *held = (struct held *)job;
        char byte;

        ck_assert_int_eq(read(held->gate[0], &byte, 1), 1);
        held->order = ++worked_so_far;
        held->worked++;
}

static void held_done(struct deputy_job *job, bool late)
{
        struct held *held = (struct held *)job;

        held->done++;
        held->late += late;
}

static void held_drop(struct deputy_job *job)
{
        ((struct held *)job)->dropped++;
}

static void hold(struct held *held, int64_t timeout_msec)
{
        *held = (struct held){.job = {.work = held_work,
                                      .done = held_done,
                                      .drop = held_drop,
                                      .timeout_msec = timeout_msec}};
        ck_assert_int_eq(pipe(held->gate), 0);
        deputy_run(&deputy, &held->job);
}

static void let_go(const struct held *held)
{
        ck_assert_int_eq(write(held->gate[1], "x", 1), 1);
}

static void setup(void)
{
        worked_so_far = 0;
        ck_assert_int_eq(uv_loop_init(&loop), 0);
        ck_assert_int_eq(deputy_open(&deputy, &loop, geteuid(), getegid(), false), 0);
}

static void teardown(void)
{
        deputy_close(&deputy);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
}

/* The deputy's handle does not keep the loop alive: a timer does, for as long as it may take at most. */
static void nothing(uv_timer_t *timer)
{
        ck_abort_msg("it did not come about");
}

static void run_until(const int *counter, int value)
{
        uv_timer_t limit;

        uv_timer_init(&loop, &limit);
        uv_timer_start(&limit, nothing, 20000, 0);
        while (*counter < value)
                uv_run(&loop, UV_RUN_ONCE);
        uv_close((uv_handle_t *)&limit, NULL);
        uv_run(&loop, UV_RUN_NOWAIT);
}

START_TEST(jobs_are_done_in_order)
{
        struct held jobs[3];

        for (int i = 0; i < 3; i++)
                hold(&jobs[i], 0);
        for (int i = 2; i >= 0; i--)
                let_go(&jobs[i]);
        run_until(&jobs[2].done, 1);
        for (int i = 0; i < 3; i++) {
                ck_assert_int_eq(jobs[i].order, i + 1);
                ck_assert_int_eq(jobs[i].done, 1);
                ck_assert_int_eq(jobs[i].late + jobs[i].dropped, 0);
        }
        ck_assert(!deputy_is_stuck(&deputy));
}
END_TEST

START_TEST(one_that_hangs_is_late_and_dropped_when_it_ends)
{
        struct held job;

        hold(&job, 50);
        run_until(&job.done, 1);
        ck_assert_int_eq(job.late, 1);
        ck_assert_int_eq(job.dropped, 0);
        ck_assert(deputy_is_stuck(&deputy));
        let_go(&job);
        run_until(&job.dropped, 1);
        ck_assert_int_eq(job.done, 1);
        ck_assert(!deputy_is_stuck(&deputy));
}
END_TEST

START_TEST(one_behind_it_is_never_begun)
{
        struct held first, second, third;

        hold(&first, 50);
        hold(&second, 100);
        run_until(&second.done, 1);
        ck_assert_int_eq(second.late, 1);
        ck_assert_int_eq(second.dropped, 1);
        let_go(&second);
        let_go(&first);
        run_until(&first.dropped, 1);
        ck_assert_int_eq(second.worked, 0);
        hold(&third, 10000);
        let_go(&third);
        run_until(&third.done, 1);
        ck_assert_int_eq(third.late, 0);
        ck_assert_int_eq(third.order, 2);
}
END_TEST

/* Not before: the deputy would begin the next one. */
static void *let_go_at_the_end(void *held)
{
        bool ending = false;

        while (!ending) {
                usleep(1000);
                pthread_mutex_lock(&deputy.mutex);
                ending = deputy.ending;
                pthread_mutex_unlock(&deputy.mutex);
        }
        let_go(held);
        return NULL;
}

START_TEST(those_that_wait_at_the_end_are_dropped)
{
        struct held first, second;
        pthread_t helper;

        hold(&first, 0);
        hold(&second, 0);
        let_go(&first);
        run_until(&first.done, 1);
        hold(&first, 0); /* behind the second, which does not end by itself */
        ck_assert_int_eq(pthread_create(&helper, NULL, let_go_at_the_end, &second), 0);
        deputy_close(&deputy);
        pthread_join(helper, NULL);
        ck_assert_int_eq(first.worked, 0);
        ck_assert_int_eq(first.dropped, 1);
        ck_assert_int_eq(first.done, 0);
        ck_assert_int_eq(second.done, 0);
        ck_assert_int_eq(second.dropped, 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("edge_deputy");
        TCase *tcase = tcase_create("edge_deputy");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, jobs_are_done_in_order);
        tcase_add_test(tcase, one_that_hangs_is_late_and_dropped_when_it_ends);
        tcase_add_test(tcase, one_behind_it_is_never_begun);
        tcase_add_test(tcase, those_that_wait_at_the_end_are_dropped);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
