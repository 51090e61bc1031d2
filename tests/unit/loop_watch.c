/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdbool.h>
#include <unistd.h>

#include "daemon/loop/watch.h"

static char top[] = "/tmp/loop-watch-XXXXXX";
static uv_loop_t loop;
static struct watch watch;
static bool fails;
static unsigned starts; /* that did not fail */

/* In front of libuv's: this test needs no events. */
int uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb callback)
{
        ck_assert_ptr_eq(poll, &watch.poll);
        ck_assert_int_eq(events, UV_READABLE);
        ck_assert_ptr_nonnull((void *)(uintptr_t)callback);
        if (fails)
                return UV_ENOMEM;
        starts++;
        return 0;
}

static void notify(void *owner, void *subject, enum watch_event event, const char *name)
{
        (void)owner, (void)subject, (void)event, (void)name;
}

static void setup(void)
{
        ck_assert_ptr_nonnull(mkdtemp(top));
        uv_loop_init(&loop);
        watch_init(&watch, notify, NULL);
}

static void teardown(void)
{
        watch_close(&watch);
        ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
        ck_assert_int_eq(watch.fd, -1);
        rmdir(top);
}

START_TEST(it_is_open_once)
{
        ck_assert_int_eq(watch_open(&watch, &loop), 0);
        ck_assert_int_eq(watch_open(&watch, &loop), 0);
        ck_assert_uint_eq(starts, 1);
        ck_assert_int_ge(watch_add_directory(&watch, top, top), 0);
}
END_TEST

/* Without polling no event would ever come: nothing is watched, and whoever tries again is not told that all is well. */
START_TEST(what_is_not_polled_is_not_open)
{
        fails = true;
        ck_assert_int_eq(watch_open(&watch, &loop), UV_ENOMEM);
        ck_assert_int_eq(watch_add_directory(&watch, top, top), UV_ENOMEM);
        ck_assert_int_eq(watch_open(&watch, &loop), UV_ENOMEM);
        ck_assert_int_eq(watch.error, UV_ENOMEM);
        fails = false;
        ck_assert_int_eq(watch_open(&watch, &loop), 0);
        ck_assert_uint_eq(starts, 1);
        ck_assert_int_eq(watch.error, 0);
        ck_assert_int_ge(watch_add_directory(&watch, top, top), 0);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {it_is_open_once, what_is_not_polled_is_not_open};
        Suite *suite = suite_create("loop_watch");
        TCase *tcase = tcase_create("loop_watch");

        tcase_add_checked_fixture(tcase, setup, teardown);
        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
