#include "unit.h"

#include <uv.h>

#include "daemon/bounds.h"
#include "daemon/loop/slices.h"

/* Some pieces of work, and who did one when. */
struct work {
        struct slice slice;
        char letter;
        int left;
        uint64_t takes_nsec;
};

static uv_loop_t loop;
static struct slices slices;
static char done[64]; /* a letter for each piece */
static size_t count;

static bool piece(struct slice *slice)
{
        struct work *work = (struct work *)slice;
        uint64_t until = uv_hrtime() + work->takes_nsec;

        while (uv_hrtime() < until)
                ;
        done[count++] = work->letter;
        return --work->left > 0;
}

static void drop(struct slice *slice)
{
        done[count++] = (char)(((struct work *)slice)->letter - 'a' + 'A');
}

static struct work work(char letter, bool root, int pieces)
{
        return (struct work){
                .slice = {.root = root, .piece = piece, .drop = drop}, .letter = letter, .left = pieces};
}

static void setup(void)
{
        memset(done, 0, sizeof(done));
        count = 0;
        uv_loop_init(&loop);
        slices = (struct slices){0};
        slices_init(&slices, &loop);
}

static void teardown(void)
{
        slices_close(&slices);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
}

START_TEST(roots_first_and_others_in_turns)
{
        struct work a = work('a', false, 3), b = work('b', false, 2), r = work('r', true, 2);

        slices_add(&slices, &a.slice);
        slices_add(&slices, &b.slice);
        slices_add(&slices, &r.slice);
        slices_add(&slices, &a.slice); /* it is queued already */
        ck_assert_str_eq(done, "");    /* nothing is done before the next turn */
        uv_run(&loop, UV_RUN_DEFAULT); /* until there is nothing to do: it does not keep the loop awake */
        ck_assert_str_eq(done, "rrababa");
        slices_add(&slices, &a.slice);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_str_eq(done, "rrababaa");
}
END_TEST

/* A piece that takes a turn's time has the turn; and root's that comes meanwhile has the next. */
START_TEST(a_turn_is_short)
{
        struct work a = work('a', false, 3), b = work('b', false, 2), r = work('r', true, 1);

        a.takes_nsec = b.takes_nsec = SLICES_TURN_USEC * UINT64_C(1000);
        slices_add(&slices, &a.slice);
        slices_add(&slices, &b.slice);
        uv_run(&loop, UV_RUN_NOWAIT);
        ck_assert_str_eq(done, "a");
        uv_run(&loop, UV_RUN_NOWAIT);
        ck_assert_str_eq(done, "ab");
        slices_add(&slices, &r.slice);
        uv_run(&loop, UV_RUN_NOWAIT);
        ck_assert_int_eq(done[2], 'r');
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_str_eq(done, "abraba");
}
END_TEST

START_TEST(removed_and_dropped)
{
        struct work a = work('a', false, 9), b = work('b', false, 9), c = work('c', false, 9),
                    r = work('r', true, 9);

        slices_add(&slices, &a.slice);
        slices_add(&slices, &b.slice);
        slices_add(&slices, &c.slice);
        slices_add(&slices, &r.slice);
        slices_remove(&slices, &c.slice);
        slices_remove(&slices, &c.slice);
        slices_remove(&slices, &a.slice);
        slices_add(&slices, &c.slice);
        slices_close(&slices);
        ck_assert_str_eq(done, "RBC");
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_str_eq(done, "RBC");
        ck_assert_int_eq(uv_loop_close(&loop), 0);
        setup(); /* for what comes after every test */
}
END_TEST

int main(void)
{
        const TTest *tests[] = {roots_first_and_others_in_turns, a_turn_is_short, removed_and_dropped};
        Suite *suite = suite_create("loop_slices");
        TCase *tcase = tcase_create("loop_slices");

        tcase_add_checked_fixture(tcase, setup, teardown);
        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
