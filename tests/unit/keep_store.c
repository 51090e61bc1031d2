/* SPDX-License-Identifier: ISC */
/* Batches of records that wait for the volume: how many syncs they cost, and what of one profile is written. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "daemon/judge/intent.h"
#include "daemon/keep/store.h"
#include "daemon/log/clock.h"

#define BATCHES_MOST 256

static uv_loop_t loop;
static struct ready_queue ready;
static struct store store;
static char home[64];
static uv_timer_t alive; /* the deputy's handles do not keep the loop so */
static int results[BATCHES_MOST], told;
static struct volume_made made; /* of the record that was written last */

/* What a sync says, how many there were, and how many may go on: under a lock of the test's. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int syncs, waiting, sync_error;
static int may_go = INT_MAX;
static int64_t now_msec = 1000; /* nothing is late on a machine that is slow, unless the test says so */

int64_t clock_msec(void)
{
        return now_msec;
}

static int synced(void)
{
        pthread_mutex_lock(&lock);
        syncs++;
        waiting++;
        pthread_cond_broadcast(&changed);
        while (!may_go)
                pthread_cond_wait(&changed, &lock);
        may_go--;
        waiting--;
        errno = sync_error;
        pthread_mutex_unlock(&lock);
        return sync_error ? -1 : 0;
}

int fsync(int fd)
{
        (void)fd;
        return synced();
}

int syncfs(int fd)
{
        (void)fd;
        return synced();
}

/* So many of them go on, and the next one waits. */
static void let_go(int count)
{
        pthread_mutex_lock(&lock);
        may_go = count;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
}

static void wait_for_sync(void)
{
        pthread_mutex_lock(&lock);
        while (!waiting)
                pthread_cond_wait(&changed, &lock);
        pthread_mutex_unlock(&lock);
}

static void noted(struct store_batch *batch)
{
        int *result = batch->owner;

        *result = 0;
        for (size_t i = 0; i < batch->count && !*result; i++)
                *result = store_batch_result(batch, i);
        made = *result ? (struct volume_made){0} : batch->entries[0].made;
        told++;
}

/* removed: there shall be no record of it. profile NULL: there is nothing to write. */
static void put(int number, const char *profile, bool want_up, bool removed, bool root)
{
        struct store_batch *batch = store_batch_new(1);

        ck_assert_ptr_nonnull(batch);
        snprintf(batch->entries[0].profile, sizeof(batch->entries[0].profile), "%s", profile ? profile : "x");
        batch->entries[0].removed = removed;
        batch->entries[0].made = made;
        if (!removed && profile)
                intent_write(want_up, NULL, &batch->entries[0].intent);
        batch->root = root;
        batch->done = noted;
        batch->owner = &results[number];
        results[number] = 1;
        store_write(&store, batch);
}

static void put_numbered(int number)
{
        char profile[16];

        snprintf(profile, sizeof(profile), "p%d", number);
        put(number, profile, true, false, false);
}

/* The first one is in its first sync. */
static void put_first(void)
{
        let_go(0);
        syncs = 0;
        put_numbered(0);
        wait_for_sync();
}

static void turn(uv_timer_t *timer)
{
        (void)timer;
}

static void turn_until(int count)
{
        while (told < count)
                uv_run(&loop, UV_RUN_ONCE);
}

/* -1: there is none. */
static int wants_up(const char *profile)
{
        char path[128];
        struct intent intent;
        char *text;
        size_t length;

        snprintf(path, sizeof(path), "%s/.svcbroker/intent/%s", home, profile);
        if (access(path, F_OK) < 0)
                return -1;
        text = unit_read(path, &length);
        ck_assert_int_eq(0, intent_read(text, &intent));
        intent_deinit(&intent);
        free(text);
        return intent.want_up;
}

static void setup(void)
{
        snprintf(home, sizeof(home), "/tmp/keep-store-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(home));
        ck_assert_int_eq(uv_loop_init(&loop), 0);
        uv_timer_init(&loop, &alive);
        uv_timer_start(&alive, turn, 1, 1);
        ready_open(&ready, &loop);
        ck_assert_int_eq(store_open(&store, &loop, &ready, home, getuid(), getgid(), false), 0);
        put(0, "first", true, false, false); /* its directories are there, and synced */
        turn_until(1);
        ck_assert_int_eq(results[0], 0);
        told = 0;
}

static void teardown(void)
{
        char command[96];

        let_go(INT_MAX);
        store_close(&store);
        ready_close(&ready);
        uv_close((uv_handle_t *)&alive, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
        snprintf(command, sizeof(command), "rm -r %s", home);
        ck_assert_int_eq(system(command), 0);
}

START_TEST(those_that_wait_cost_one_pair_of_syncs)
{
        put_first();
        for (int i = 1; i < 40; i++)
                put_numbered(i);
        let_go(INT_MAX);
        turn_until(40);
        for (int i = 0; i < 40; i++) {
                char profile[16];

                snprintf(profile, sizeof(profile), "p%d", i);
                ck_assert_int_eq(results[i], 0);
                ck_assert_int_eq(wants_up(profile), 1);
        }
        ck_assert_int_eq(syncs, 4);
        ck_assert_ptr_null(store.batches);
}
END_TEST

/* What the first one has synced above the records those that waited need not. */
START_TEST(what_is_above_is_synced_once)
{
        store.settled = false;
        put_first();
        put_numbered(1);
        put_numbered(2);
        let_go(INT_MAX);
        turn_until(3);
        ck_assert(store.settled);
        ck_assert_int_eq(syncs, 2 + 2 + 2);
}
END_TEST

/* No more of them than there is time for: the rest is next. */
START_TEST(as_many_as_there_is_time_for)
{
        put_first(); /* it takes less than a millisecond, so that many have time in STORE_TOGETHER_MSEC */
        for (int i = 1; i <= STORE_TOGETHER_MSEC + 1; i++)
                put_numbered(i);
        let_go(INT_MAX);
        turn_until(STORE_TOGETHER_MSEC + 2);
        for (int i = 0; i <= STORE_TOGETHER_MSEC + 1; i++)
                ck_assert_int_eq(results[i], 0);
        ck_assert_int_eq(syncs, 6);
}
END_TEST

/* Nobody is told before the sync that covers it: neither the older one. */
START_TEST(the_newest_of_a_profile_stands_for_all)
{
        put_first();
        put(1, "twice", true, false, false);
        put(2, "twice", false, false, false);
        put(3, "gone", true, false, false);
        put(4, "gone", false, true, false);
        put(5, "back", false, true, false);
        put(6, "back", true, false, false);
        put(7, "twice", true, false, false);
        let_go(INT_MAX);
        turn_until(8);
        for (int i = 0; i < 8; i++)
                ck_assert_int_eq(results[i], 0);
        ck_assert_int_eq(wants_up("twice"), 1);
        ck_assert_int_eq(wants_up("gone"), -1);
        ck_assert_int_eq(wants_up("back"), 1);
        ck_assert_int_eq(syncs, 4);
}
END_TEST

/* A sync that fails fails for all that shared it, and for who relied on one of those. */
START_TEST(one_sync_s_error_is_everybody_s)
{
        put_first();
        put(1, "twice", true, false, false);
        put(2, "twice", false, false, false);
        put(3, "other", true, false, false);
        sync_error = EIO;
        let_go(INT_MAX);
        turn_until(4);
        for (int i = 0; i < 4; i++)
                ck_assert_int_eq(results[i], -EIO);
        ck_assert_int_eq(wants_up("twice"), -1);
        sync_error = 0;
        put(4, "twice", false, false, false);
        turn_until(5);
        ck_assert_int_eq(results[4], 0);
        ck_assert_int_eq(wants_up("twice"), 0);
}
END_TEST

/* Root's waits for none of them, and takes the place of the one that it is about. */
START_TEST(root_s_takes_its_place)
{
        put_first();
        put(1, "mine", true, false, false);
        put(2, "other", true, false, false);
        put(3, "mine", false, false, true);
        let_go(INT_MAX);
        turn_until(4);
        ck_assert_int_eq(results[1], -ECANCELED);
        ck_assert_int_eq(results[2], 0);
        ck_assert_int_eq(results[3], 0);
        ck_assert_int_eq(wants_up("mine"), 0);
}
END_TEST

/* Their time is over while they are written as one: each is told so, once, and nothing of them happens any more. */
START_TEST(a_late_one_is_late_for_all)
{
        put_first();
        for (int i = 1; i < 4; i++)
                put_numbered(i);
        put(4, "p3", false, false, false);
        let_go(2);
        turn_until(1);
        wait_for_sync();
        now_msec += STORE_MSEC;
        put(5, NULL, false, false, true); /* whoever comes next has the times looked at */
        turn_until(6);
        ck_assert_int_eq(results[5], 0);
        for (int i = 1; i < 5; i++)
                ck_assert_int_eq(results[i], -ETIMEDOUT);
        put(6, "new", true, false, false); /* the lane is stuck */
        turn_until(7);
        ck_assert_int_eq(results[6], -ETIMEDOUT);
        put(7, "p3", true, false, true); /* root's is not */
        let_go(INT_MAX);
        turn_until(8);
        ck_assert_int_eq(results[7], 0);
        while (store.batches)
                uv_run(&loop, UV_RUN_ONCE);
        ck_assert_int_eq(wants_up("p1"), -1);
        ck_assert_int_eq(wants_up("p3"), 1);
        put(8, "p1", true, false, false);
        turn_until(9);
        ck_assert_int_eq(results[8], 0);
        ck_assert_int_eq(told, 9);
}
END_TEST

/* As long as a record that says "down", and with something in it that this broker does not know. */
#define STRANGE "{\"version\":1,\"n\":123456789}\n"

static void write_strange(const char *name, const struct timespec *written)
{
        const struct timespec times[2] = {*written, *written};
        char path[128];
        int fd;

        snprintf(path, sizeof(path), "%s/.svcbroker/intent/%s", home, name);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, STRANGE, strlen(STRANGE)), (int)strlen(STRANGE));
        ck_assert_int_eq(futimens(fd, times), 0);
        close(fd);
}

/* Is what this broker does not know still there, once the record is written again? */
static bool passes_on(int number)
{
        char path[128];
        size_t length;
        bool does;
        char *text;

        put(number, "x", false, false, false);
        turn_until(number + 1);
        ck_assert_int_eq(results[number], 0);
        snprintf(path, sizeof(path), "%s/.svcbroker/intent/x", home);
        text = unit_read(path, &length);
        does = strstr(text, "\"n\":123456789") != NULL;
        free(text);
        ck_assert_int_eq(does, made.inode == 0);
        return does;
}

/* Only a record that is the very one is not read before it is replaced: nothing but its owner's own pains, as
 * here the first of them, makes another look like it. */
START_TEST(what_was_written_last_is_known)
{
        char from[128], to[128];
        struct timespec later;

        ck_assert(!passes_on(0));
        ck_assert_int_eq(made.size, (int)strlen(STRANGE));
        write_strange("x", &made.written);
        ck_assert(!passes_on(1));
        later = made.written;
        later.tv_nsec += later.tv_nsec ? -1 : 1;
        write_strange("x", &later);
        ck_assert(passes_on(2));
        ck_assert(passes_on(3)); /* and that one is read each time */
        snprintf(from, sizeof(from), "%s/.svcbroker/intent/other", home);
        snprintf(to, sizeof(to), "%s/.svcbroker/intent/x", home);
        ck_assert_int_eq(unlink(to), 0);
        ck_assert(!passes_on(4));
        write_strange("other", &made.written);
        ck_assert_int_eq(rename(from, to), 0);
        ck_assert(passes_on(5));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("keep_store");
        TCase *tcase = tcase_create("keep_store");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, those_that_wait_cost_one_pair_of_syncs);
        tcase_add_test(tcase, what_is_above_is_synced_once);
        tcase_add_test(tcase, as_many_as_there_is_time_for);
        tcase_add_test(tcase, the_newest_of_a_profile_stands_for_all);
        tcase_add_test(tcase, one_sync_s_error_is_everybody_s);
        tcase_add_test(tcase, root_s_takes_its_place);
        tcase_add_test(tcase, a_late_one_is_late_for_all);
        tcase_add_test(tcase, what_was_written_last_is_known);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
