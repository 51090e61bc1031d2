/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <uv.h>

#include "daemon/loop/deputy.h"
#include "daemon/loop/identity.h"

/* The time of day is as far off: whoever reads it, and then waits for the kernel's, is as who waits while somebody
 * sets the clock back. */
static time_t ahead_sec;

int clock_gettime(clockid_t clock, struct timespec *now)
{
        int result = (int)syscall(SYS_clock_gettime, clock, now);

        if (result == 0 && clock == CLOCK_REALTIME)
                now->tv_sec += ahead_sec;
        return result;
}

/* A job that ends when the test lets it. Static in each test: it is the deputy's until it was dropped, which may
 * be as late as when the deputy is closed. */
struct held {
        struct deputy_job job;
        int gate[2]; /* a byte lets it go */
        int worked, done, late, cleared, dropped;
        int order; /* which one it was to be worked, from 1 on */
};

static atomic_int worked_so_far;
static uv_loop_t loop;
static struct deputy deputy;

static void held_work(struct deputy_job *job)
{
        struct held *held = (struct held *)job;
        char byte;

        ck_assert_int_eq(read(held->gate[0], &byte, 1), 1);
        held->order = atomic_fetch_add(&worked_so_far, 1) + 1;
        held->worked++;
}

static void held_done(struct deputy_job *job, bool late)
{
        struct held *held = (struct held *)job;

        held->done++;
        held->late += late;
}

static void held_clear(struct deputy_job *job)
{
        ((struct held *)job)->cleared++;
}

static void held_drop(struct deputy_job *job)
{
        ((struct held *)job)->dropped++;
}

static void hold_in(struct held *held, unsigned lane, int64_t timeout_msec, const char *subject)
{
        *held = (struct held){.job = {.work = held_work,
                                      .done = held_done,
                                      .clear = held_clear,
                                      .drop = held_drop,
                                      .subject = subject,
                                      .timeout_msec = timeout_msec,
                                      .lane = lane}};
        ck_assert_int_eq(pipe(held->gate), 0);
        deputy_run(&deputy, &held->job);
}

static void hold(struct held *held, int64_t timeout_msec)
{
        hold_in(held, 0, timeout_msec, NULL);
}

static void let_go(const struct held *held)
{
        ck_assert_int_eq(write(held->gate[1], "x", 1), 1);
}

static void setup(void)
{
        worked_so_far = 0;
        ck_assert_int_eq(uv_loop_init(&loop), 0);
        ck_assert_int_eq(deputy_open(&deputy, &loop, geteuid(), getegid(), false, false, 1), 0);
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
        static struct held jobs[3];

        for (int i = 0; i < 3; i++)
                hold(&jobs[i], 0);
        for (int i = 2; i >= 0; i--)
                let_go(&jobs[i]);
        run_until(&jobs[2].dropped, 1);
        for (int i = 0; i < 3; i++) {
                ck_assert_int_eq(jobs[i].order, i + 1);
                ck_assert_int_eq(jobs[i].done, 1);
                ck_assert_int_eq(jobs[i].cleared, 1);
                ck_assert_int_eq(jobs[i].dropped, 1);
                ck_assert_int_eq(jobs[i].late, 0);
        }
        ck_assert(!deputy_is_stuck(&deputy, 0));
}
END_TEST

/* A thread that left nothing is not woken once more. */
static void clear_work(struct deputy_job *job)
{
        held_work(job);
        job->is_clear = true;
}

START_TEST(what_left_nothing_is_not_cleared)
{
        static struct held job;

        job = (struct held){
                .job = {.work = clear_work, .done = held_done, .clear = held_clear, .drop = held_drop}};
        ck_assert_int_eq(pipe(job.gate), 0);
        let_go(&job);
        deputy_run(&deputy, &job.job);
        run_until(&job.dropped, 1);
        ck_assert_int_eq(job.worked, 1);
        ck_assert_int_eq(job.done, 1);
        ck_assert_int_eq(job.cleared, 0);
}
END_TEST

static struct held first_of_two, second_of_two;
static int cleared_before;

static void second_work(struct deputy_job *job)
{
        cleared_before = first_of_two.cleared;
        ((struct held *)job)->worked++;
}

static void first_done(struct deputy_job *job, bool late)
{
        held_done(job, late);
        second_of_two = (struct held){.job = {.work = second_work, .done = held_done, .drop = held_drop}};
        deputy_run(&deputy, &second_of_two.job);
}

/* What is to be cleared goes to the thread with the job that comes of it, and needs no turn of its own. */
START_TEST(the_next_job_brings_what_is_to_be_cleared)
{
        hold(&first_of_two, 0);
        first_of_two.job.done = first_done;
        cleared_before = 0;
        let_go(&first_of_two);
        run_until(&second_of_two.dropped, 1);
        ck_assert_int_eq(cleared_before, 1);
        run_until(&first_of_two.dropped, 1);
        ck_assert_int_eq(first_of_two.cleared, 1);
}
END_TEST

/* It costs its subject, and nobody else. */
START_TEST(one_that_hangs_is_late_and_replaced)
{
        static struct held job, next;

        hold_in(&job, 0, 50, "coder");
        run_until(&job.done, 1);
        ck_assert_int_eq(job.late, 1);
        ck_assert_int_eq(job.dropped, 0);
        ck_assert(!deputy_is_stuck(&deputy, 0));
        ck_assert(deputy_hangs_on(&deputy, "coder"));
        ck_assert(!deputy_hangs_on(&deputy, "writer"));
        hold(&next, 20000);
        let_go(&next);
        run_until(&next.done, 1);
        ck_assert_int_eq(next.late, 0);
        let_go(&job);
        run_until(&job.dropped, 1);
        ck_assert_int_eq(job.cleared, 1);
        ck_assert_int_eq(job.done, 1);
        ck_assert(!deputy_hangs_on(&deputy, "coder"));
}
END_TEST

START_TEST(lanes_do_not_wait_for_each_other)
{
        static struct held first, second, other;

        hold_in(&first, 0, 0, NULL);
        hold_in(&second, 0, 0, NULL);
        hold_in(&other, 1, 0, NULL);
        let_go(&second);
        let_go(&other);
        run_until(&other.done, 1);
        ck_assert_int_eq(first.done + second.done + second.worked, 0);
        let_go(&first);
        run_until(&second.dropped, 1);
        ck_assert_int_eq(second.order, 3);
}
END_TEST

/* A bounded number of threads hangs; then the lane does, and the other ones go on. */
START_TEST(a_lane_is_stuck_when_all_its_threads_are)
{
        static struct held jobs[DEPUTY_LOST_MOST], behind, other;

        for (int i = 0; i < DEPUTY_LOST_MOST; i++) {
                ck_assert(!deputy_is_stuck(&deputy, 0));
                hold(&jobs[i], 20);
                run_until(&jobs[i].done, 1);
                ck_assert_int_eq(jobs[i].late, 1);
        }
        ck_assert(deputy_is_stuck(&deputy, 0));
        ck_assert(!deputy_is_stuck(&deputy, 1));
        hold(&behind, 50);
        hold_in(&other, 1, 20000, NULL);
        let_go(&other);
        run_until(&other.done, 1);
        ck_assert_int_eq(other.late, 0);
        run_until(&behind.dropped, 1);
        ck_assert_int_eq(behind.late, 1);
        ck_assert_int_eq(behind.worked + behind.cleared, 0);
        let_go(&jobs[0]); /* any of them frees it */
        run_until(&jobs[0].dropped, 1);
        ck_assert(!deputy_is_stuck(&deputy, 0));
        hold(&behind, 20000);
        let_go(&behind);
        run_until(&behind.dropped, 1);
        ck_assert_int_eq(behind.late, 0);
        for (int i = 1; i < DEPUTY_LOST_MOST; i++) {
                let_go(&jobs[i]);
                run_until(&jobs[i].dropped, 1);
        }
        ck_assert_uint_le(deputy.count, DEPUTY_WORKERS_MOST);
}
END_TEST

/* What hangs before it is not its fault: it has all of its time when it begins. */
START_TEST(one_behind_it_has_its_time)
{
        static struct held first, second, third;

        hold_in(&first, 0, 200, "coder");
        hold_in(&second, 0, 200, "writer");
        hold_in(&third, 0, 200, "other");
        let_go(&third);
        run_until(&second.done, 1);
        run_until(&third.done, 1);
        ck_assert_int_eq(first.late + second.late, 2);
        ck_assert_int_eq(third.late, 0);
        ck_assert(deputy_hangs_on(&deputy, "coder") && deputy_hangs_on(&deputy, "writer"));
        ck_assert(!deputy_hangs_on(&deputy, "other"));
        let_go(&first);
        let_go(&second);
        run_until(&first.dropped, 1);
        run_until(&second.dropped, 1);
}
END_TEST

START_TEST(a_lane_that_may_lose_one)
{
        static struct held job, behind, other;

        deputy_limit_lane(&deputy, 0, 1);
        hold(&job, 20);
        run_until(&job.done, 1);
        ck_assert(deputy_is_stuck(&deputy, 0));
        hold(&behind, 20000);
        hold_in(&other, 1, 20000, NULL);
        let_go(&other);
        run_until(&other.done, 1);
        ck_assert_int_eq(behind.worked, 0);
        let_go(&behind);
        let_go(&job);
        run_until(&behind.dropped, 1);
        ck_assert_int_eq(behind.late, 0);
        ck_assert_int_eq(job.dropped, 1);
}
END_TEST

static bool gate_open;

static bool may_begin(const struct deputy_job *job)
{
        return gate_open;
}

START_TEST(one_that_may_not_begin_holds_its_lane_up)
{
        static struct held first = {
                .job = {.work = held_work, .done = held_done, .drop = held_drop, .may_begin = may_begin}};
        static struct held behind, other;

        gate_open = false;
        ck_assert_int_eq(pipe(first.gate), 0);
        let_go(&first);
        deputy_run(&deputy, &first.job);
        hold(&behind, 0);
        let_go(&behind);
        hold_in(&other, 1, 0, NULL);
        let_go(&other);
        run_until(&other.dropped, 1);
        ck_assert_int_eq(first.worked + behind.worked, 0);
        gate_open = true;
        hold_in(&other, 1, 0, NULL);
        let_go(&other);
        run_until(&behind.done, 1);
        ck_assert_int_eq(first.done, 1);
        ck_assert_int_lt(first.order, behind.order);
        run_until(&other.dropped, 1);
}
END_TEST

/* Not before: the deputy would begin the next one. */
static void *let_go_at_the_end(void *held)
{
        while (!atomic_load(&deputy.crew.ending))
                usleep(1000);
        let_go(held);
        return NULL;
}

START_TEST(those_that_wait_at_the_end_are_dropped)
{
        static struct held before, first, second;
        pthread_t helper;

        hold(&before, 0);
        hold(&second, 0);
        let_go(&before);
        run_until(&before.done, 1);
        hold(&first, 0); /* behind the second, which does not end by itself */
        ck_assert_int_eq(pthread_create(&helper, NULL, let_go_at_the_end, &second), 0);
        deputy_close(&deputy);
        pthread_join(helper, NULL);
        ck_assert_int_eq(first.worked, 0);
        ck_assert_int_eq(first.dropped, 1);
        ck_assert_int_eq(first.done, 0);
        ck_assert_int_eq(second.done, 0);
        ck_assert_int_eq(second.cleared, 1);
        ck_assert_int_eq(second.dropped, 1);
        ck_assert_int_eq(before.cleared, 1);
        ck_assert_int_eq(before.dropped, 1);
}
END_TEST

/* Set back, the clock does not make the end wait for what hangs; set forward, it does not make it leave behind what is about
 * to be done. */
START_TEST(the_end_does_not_go_by_the_time_of_day)
{
        static struct held hangs;

        hold(&hangs, 10);
        run_until(&hangs.late, 1);
        ahead_sec = 3600;
        deputy_close(&deputy);
        ahead_sec = 0;
        ck_assert(deputy.abandoned);
        ck_assert_int_eq(hangs.worked, 0);
        let_go(&hangs);
}
END_TEST

/* What a thread is like, looked at by itself. */
struct look {
        struct deputy_job job;
        uid_t files, ids[3];
        unsigned long capabilities[2];
        int groups;
        int done;
};

static void look_work(struct deputy_job *job)
{
        struct look *look = (struct look *)job;
        unsigned header[2] = {0x20080522, 0}, sets[6] = {~0u, ~0u, ~0u, ~0u, ~0u, ~0u};

        look->files = (uid_t)syscall(SYS_setfsuid, -1);
        syscall(SYS_getresuid, &look->ids[0], &look->ids[1], &look->ids[2]);
        syscall(SYS_capget, header, sets);
        look->capabilities[0] = sets[0] | (unsigned long)sets[3] << 32;
        look->capabilities[1] = sets[1] | (unsigned long)sets[4] << 32;
        look->groups = (int)syscall(SYS_getgroups, 0, NULL);
}

static void look_done(struct deputy_job *job, bool late)
{
        ((struct look *)job)->done++;
}

/* The client has power over its files, and none over it: kill(2), sched_setscheduler(2) and their kin look at the
 * ids that stay root's. */
START_TEST(only_files_are_the_clients)
{
        struct look look = {.job = {.work = look_work, .done = look_done}};

        if (geteuid() != 0)
                return;
        deputy_close(&deputy);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_int_eq(deputy_open(&deputy, &loop, 10000, 10000, true, false, 2), 0);
        deputy_run(&deputy, &look.job);
        run_until(&look.done, 1);
        ck_assert_uint_eq(look.files, 10000);
        for (int i = 0; i < 3; i++)
                ck_assert_uint_eq(look.ids[i], 0);
        ck_assert_uint_eq(look.capabilities[0] | look.capabilities[1], 0);
        ck_assert_int_eq(look.groups, 0);
}
END_TEST

struct strike {
        struct deputy_job job;
        pid_t target;
        int result;
        int done;
};

static void strike_work(struct deputy_job *job)
{
        struct strike *strike = (struct strike *)job;
        const struct sched_param idle = {0};

        strike->result = identity_signal(10000, -1, strike->target, 0);
        syscall(SYS_sched_setscheduler, 0, SCHED_IDLE, &idle); /* as the client may in that instant */
}

static void strike_done(struct deputy_job *job, bool late)
{
        ((struct strike *)job)->done++;
}

/* A thread whose scheduling is not its own any more gets nothing to do. */
START_TEST(a_thread_that_was_slowed_down_is_replaced)
{
        struct strike strikes[DEPUTY_SPOILED_MOST + 2] = {0};

        if (geteuid() != 0)
                return;
        deputy_close(&deputy);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_int_eq(deputy_open(&deputy, &loop, 10000, 10000, true, true, 1), 0);
        for (int i = 0; i < DEPUTY_SPOILED_MOST + 2; i++) {
                strikes[i].job = (struct deputy_job){.work = strike_work, .done = strike_done};
                strikes[i].target = getpid(); /* root's, so it may not */
                deputy_run(&deputy, &strikes[i].job);
                run_until(&strikes[i].done, 1);
                ck_assert_int_eq(strikes[i].result,
                                 0); /* the real uid is root's still: whom it may signal is checked before */
        }
        for (int i = 1; i < DEPUTY_SPOILED_MOST; i++)
                ck_assert_uint_ne(strikes[i].job.worker, strikes[i - 1].job.worker);
        ck_assert_uint_eq(strikes[DEPUTY_SPOILED_MOST].job.worker,
                          strikes[DEPUTY_SPOILED_MOST + 1].job.worker);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("loop_deputy");
        TCase *tcase = tcase_create("loop_deputy");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, jobs_are_done_in_order);
        tcase_add_test(tcase, what_left_nothing_is_not_cleared);
        tcase_add_test(tcase, the_next_job_brings_what_is_to_be_cleared);
        tcase_add_test(tcase, one_that_hangs_is_late_and_replaced);
        tcase_add_test(tcase, lanes_do_not_wait_for_each_other);
        tcase_add_test(tcase, a_lane_is_stuck_when_all_its_threads_are);
        tcase_add_test(tcase, one_behind_it_has_its_time);
        tcase_add_test(tcase, a_lane_that_may_lose_one);
        tcase_add_test(tcase, one_that_may_not_begin_holds_its_lane_up);
        tcase_add_test(tcase, those_that_wait_at_the_end_are_dropped);
        tcase_add_test(tcase, the_end_does_not_go_by_the_time_of_day);
        tcase_add_test(tcase, only_files_are_the_clients);
        tcase_add_test(tcase, a_thread_that_was_slowed_down_is_replaced);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
