/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <uv.h>

#include "daemon/bounds.h"
#include "daemon/loop/ready.h"

/* Things with steps to do, and who did one when. */
struct work {
        struct ready ready;
        char letter;
        int left;
        uint64_t takes_nsec;
        struct work *other;
        void (*meanwhile)(struct work *work); /* in its step; NULL: nothing */
};

static uv_loop_t loop;
static struct ready_queue queue;
static char done[128]; /* a letter for each step */
static size_t count;

static bool step(struct ready *ready)
{
        struct work *work = (struct work *)ready;
        uint64_t until = uv_hrtime() + work->takes_nsec;
        bool more = --work->left > 0;

        while (uv_hrtime() < until)
                ;
        done[count++] = work->letter;
        if (work->meanwhile)
                work->meanwhile(work);
        return more;
}

static void drop(struct ready *ready)
{
        done[count++] = (char)(((struct work *)ready)->letter - 'a' + 'A');
}

static struct work *work(char letter, bool root, int steps)
{
        struct work *work = calloc(1, sizeof(*work));

        work->letter = letter;
        work->left = steps;
        ready_init(&work->ready, &queue, step);
        work->ready.root = root;
        work->ready.drop = drop;
        return work;
}

static void setup(void)
{
        memset(done, 0, sizeof(done));
        count = 0;
        uv_loop_init(&loop);
        ready_open(&queue, &loop);
}

static void teardown(void)
{
        ready_close(&queue);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
}

START_TEST(roots_first_and_others_in_turns)
{
        struct work *a = work('a', false, 3), *b = work('b', false, 2), *r = work('r', true, 2);

        ready_wake(&a->ready);
        ready_wake(&b->ready);
        ready_wake(&r->ready);
        ready_wake(&a->ready);         /* it waits already */
        ck_assert_str_eq(done, "");    /* nothing is done before the loop's turn */
        uv_run(&loop, UV_RUN_DEFAULT); /* until there is nothing to do: it does not keep the loop awake */
        ck_assert_str_eq(done, "rrababa");
        a->left = 1;
        ready_wake(&a->ready);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_str_eq(done, "rrababaa");
        free(a);
        free(b);
        free(r);
}
END_TEST

/* However often it is woken it is stepped once, in its first place. */
START_TEST(woken_often_is_stepped_once)
{
        struct work *a = work('a', false, 1), *b = work('b', false, 1), *r = work('r', true, 1), *s = work('s', true, 1);

        for (int i = 0; i < 100; i++) {
                ready_wake(&a->ready);
                ready_wake(&b->ready);
                ready_wake(&r->ready);
                ready_wake(&s->ready);
                ready_wake_root(&r->ready);
        }
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_str_eq(done, "rsab");
        ck_assert(!ready_is_waiting(&a->ready));
        free(a);
        free(b);
        free(r);
        free(s);
}
END_TEST

/* What root wants of a thing that waits for others comes before all that is theirs; the next time it is as it was. */
START_TEST(what_root_waits_for_goes_over)
{
        struct work *a = work('a', false, 1), *b = work('b', false, 2), *r = work('r', true, 1);

        ready_wake(&a->ready);
        ready_wake(&b->ready);
        ready_wake(&r->ready);
        ready_wake_root(&b->ready);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_str_eq(done, "rbab");
        free(a);
        free(b);
        free(r);
}
END_TEST

/* A step that takes a turn's time has the turn; and root's that comes meanwhile has the next. */
START_TEST(a_turn_is_short)
{
        struct work *a = work('a', false, 3), *b = work('b', false, 2), *r = work('r', true, 1);

        a->takes_nsec = b->takes_nsec = READY_TURN_USEC * UINT64_C(1000);
        ready_wake(&a->ready);
        ready_wake(&b->ready);
        uv_run(&loop, UV_RUN_NOWAIT);
        ck_assert_str_eq(done, "a");
        uv_run(&loop, UV_RUN_NOWAIT);
        ck_assert_str_eq(done, "ab");
        ready_wake(&r->ready);
        uv_run(&loop, UV_RUN_NOWAIT);
        ck_assert_int_eq(done[2], 'r');
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_str_eq(done, "abraba");
        free(a);
        free(b);
        free(r);
}
END_TEST

static void on_timer(uv_timer_t *timer)
{
        *(size_t *)timer->data = count;
        uv_close((uv_handle_t *)timer, NULL);
}

static bool counted(struct ready *ready)
{
        uint64_t until = uv_hrtime() + READY_TURN_USEC * UINT64_C(20); /* a fiftieth of a turn */

        (void)ready;
        while (uv_hrtime() < until)
                ;
        count++;
        return false;
}

/* A thousand that were woken do not keep what else the loop has to do waiting until all are through. */
START_TEST(a_thousand_are_no_turn)
{
        static struct ready many[1000];
        size_t at = SIZE_MAX;
        uv_timer_t timer;

        uv_timer_init(&loop, &timer);
        timer.data = &at;
        for (size_t i = 0; i < 1000; i++) {
                ready_init(&many[i], &queue, counted);
                ready_wake(&many[i]);
        }
        uv_run(&loop, UV_RUN_NOWAIT);
        uv_timer_start(&timer, on_timer, 0, 0); /* as a peer's call that comes in the middle of it */
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_uint_eq(count, 1000);
        ck_assert_uint_lt(at, 1000);
}
END_TEST

/* A thing is woken in a step: it is stepped after that, and not within it. */
static void wake_both(struct work *work)
{
        ready_wake(&work->other->ready);
        ready_wake(&work->ready);
        done[count++] = '.';
        work->meanwhile = NULL;
}

START_TEST(woken_in_a_step_comes_after_it)
{
        struct work *a = work('a', false, 1), *b = work('b', false, 1), *c = work('c', false, 1);

        a->other = b;
        a->meanwhile = wake_both;
        ready_wake(&a->ready);
        ready_wake(&c->ready);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_str_eq(done, "a.cba");
        free(a);
        free(b);
        free(c);
}
END_TEST

static void free_other(struct work *work)
{
        ready_remove(&work->other->ready);
        free(work->other);
        work->other = NULL;
}

static void free_itself(struct work *work)
{
        ready_remove(&work->ready);
        free(work);
}

START_TEST(freed_in_a_step)
{
        struct work *a = work('a', false, 1), *b = work('b', false, 9), *c = work('c', false, 1), *d = work('d', false, 1);

        a->other = b; /* the next one */
        c->other = a; /* that came before */
        a->meanwhile = c->meanwhile = free_other;
        d->meanwhile = free_itself;
        ready_wake(&a->ready);
        ready_wake(&b->ready);
        ready_wake(&c->ready);
        ready_wake(&d->ready);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_str_eq(done, "acd");
        free(c);
}
END_TEST

START_TEST(removed_and_dropped)
{
        struct work *a = work('a', false, 9), *b = work('b', false, 9), *c = work('c', false, 9), *r = work('r', true, 9);

        ready_wake(&a->ready);
        ready_wake(&b->ready);
        ready_wake(&c->ready);
        ready_wake(&r->ready);
        ready_remove(&c->ready);
        ready_remove(&c->ready);
        ready_remove(&a->ready);
        ready_wake(&c->ready);
        ready_close(&queue);
        ck_assert_str_eq(done, "RBC");
        ready_wake(&a->ready); /* the broker ends: nothing is begun any more */
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_str_eq(done, "RBC");
        ck_assert_int_eq(uv_loop_close(&loop), 0);
        free(a);
        free(b);
        free(c);
        free(r);
        setup(); /* for what comes after every test */
}
END_TEST

/* The loop sleeps while nothing is ready, also when what was ready was removed; and does not, while something is. */
START_TEST(nothing_spins)
{
        struct work *a = work('a', false, 2);

        ck_assert(!uv_is_active((uv_handle_t *)&queue.idle));
        ready_wake(&a->ready);
        ck_assert_int_eq(uv_backend_timeout(&loop), 0);
        ready_remove(&a->ready);
        uv_run(&loop, UV_RUN_NOWAIT);
        ck_assert(!uv_is_active((uv_handle_t *)&queue.idle));
        ready_wake(&a->ready);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_str_eq(done, "aa");
        ck_assert(!uv_is_active((uv_handle_t *)&queue.idle));
        free(a);
}
END_TEST

/* Who takes all of its queue's time, and always has more to do, keeps no other queue waiting; and knows that it is over. */
START_TEST(each_queue_has_its_time)
{
        struct work *a = work('a', false, 3), *b = work('b', false, 1);
        static struct ready_queue beside;

        ready_open(&beside, &loop);
        b->ready.queue = &beside;
        a->takes_nsec = READY_TURN_USEC * UINT64_C(1000);
        ready_wake(&a->ready);
        ready_wake(&b->ready);
        ck_assert(ready_is_over(&a->ready)); /* its turn has not begun */
        uv_run(&loop, UV_RUN_NOWAIT);
        ck_assert(strchr(done, 'b'));
        ck_assert_uint_eq(count, 2);
        ck_assert(ready_is_over(&a->ready));
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_uint_eq(count, 4);
        ready_close(&beside);
        free(a);
        free(b);
}
END_TEST

/* What nobody gave a queue is woken in vain. */
START_TEST(without_a_queue)
{
        struct ready ready = {0};

        ready_wake(&ready);
        ready_wake_root(&ready);
        ready_remove(&ready);
        ck_assert(!ready_is_waiting(&ready));
}
END_TEST

int main(void)
{
        const TTest *tests[] = {roots_first_and_others_in_turns,
                                woken_often_is_stepped_once,
                                what_root_waits_for_goes_over,
                                a_turn_is_short,
                                a_thousand_are_no_turn,
                                woken_in_a_step_comes_after_it,
                                freed_in_a_step,
                                removed_and_dropped,
                                nothing_spins,
                                each_queue_has_its_time,
                                without_a_queue};
        Suite *suite = suite_create("loop_ready");
        TCase *tcase = tcase_create("loop_ready");

        tcase_add_checked_fixture(tcase, setup, teardown);
        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
