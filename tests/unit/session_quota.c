/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/session/quota.h"

#define UID 10000
#define ENTRIES (sizeof(((struct quota *)NULL)->uids) / sizeof(struct quota_uid))
#define BETWEEN_CHANGES_MSEC (1000 / LIMIT_CHANGES_PER_SECOND)
#define FILL_MSEC (LIMIT_CHANGES_BURST * BETWEEN_CHANGES_MSEC)

static struct quota quota;
static int64_t now_msec; /* time passes where a test says so */

static void setup(void)
{
        memset(&quota, 0, sizeof(quota));
        now_msec = 123456789;
}

/* As the daemon does it for a connection that is accepted, or that ends. */
static struct quota_uid *join(uid_t uid)
{
        struct quota_uid *entry = quota_get(&quota, uid, now_msec);

        if (entry)
                entry->connections++;
        return entry;
}

static void leave(struct quota_uid *entry)
{
        entry->connections--;
}

/* How many changes it gets right now. */
static int burst(struct quota_uid *entry)
{
        int count = 0;

        while (quota_take_change(entry, 0, now_msec) == 0)
                ck_assert_int_le(++count, LIMIT_CHANGES_BURST);
        return count;
}

START_TEST(begins_full)
{
        struct quota_uid *entry = join(UID);

        ck_assert_uint_eq(entry->uid, UID);
        ck_assert_uint_eq(entry->connections, 1);
        ck_assert_uint_eq(entry->watches, 0);
        ck_assert_int_eq(burst(entry), LIMIT_CHANGES_BURST);
        ck_assert_int_eq(burst(entry), 0);
}
END_TEST

START_TEST(refills_with_time)
{
        struct quota_uid *entry = join(UID);

        burst(entry);
        now_msec += BETWEEN_CHANGES_MSEC - 1;
        ck_assert_int_eq(burst(entry), 0);
        now_msec += 1;
        ck_assert_int_eq(burst(entry), 1);
        now_msec += 1000;
        ck_assert_int_eq(burst(entry), LIMIT_CHANGES_PER_SECOND);
        now_msec += FILL_MSEC - BETWEEN_CHANGES_MSEC;
        ck_assert_int_eq(burst(entry), LIMIT_CHANGES_BURST - 1);
        now_msec += FILL_MSEC;
        ck_assert_int_eq(burst(entry), LIMIT_CHANGES_BURST);
        now_msec += INT64_C(1000) * 365 * 86400000;
        ck_assert_int_eq(burst(entry), LIMIT_CHANGES_BURST);
}
END_TEST

/* A call that is put off is dispatched again after exactly that time: it must not be put off once more. */
START_TEST(the_wait_is_enough)
{
        struct quota_uid *entry = join(UID);

        burst(entry);
        for (int i = 0; i < 10000; i++) {
                int64_t wait_msec;

                now_msec += i % 7 * (i % 3);
                wait_msec = quota_take_change(entry, 0, now_msec);
                if (!wait_msec)
                        continue;
                ck_assert_int_gt(wait_msec, 0);
                ck_assert_int_le(wait_msec, BETWEEN_CHANGES_MSEC + 1);
                now_msec += wait_msec;
                ck_assert_int_eq(quota_take_change(entry, 0, now_msec), 0);
        }
}
END_TEST

/* A batch is charged by its names too, from a bucket of their own. */
START_TEST(names_are_charged)
{
        struct quota_uid *entry = join(UID);
        int64_t wait_msec;

        /* Everything, stopped and started, is there at once. */
        for (size_t taken = 0; taken < LIMIT_NAMES_BURST; taken += LIMIT_NAMES_PER_CALL)
                ck_assert_int_eq(quota_take_change(entry, LIMIT_NAMES_PER_CALL, now_msec), 0);
        wait_msec = quota_take_change(entry, 500, now_msec);
        ck_assert_int_gt(wait_msec, 500 * 1000 / LIMIT_NAMES_PER_SECOND - 1);
        ck_assert_int_le(wait_msec, 500 * 1000 / LIMIT_NAMES_PER_SECOND + 1);
        /* What has none is not kept waiting by that, nor does what waited cost a change. */
        ck_assert_int_eq(burst(entry), LIMIT_CHANGES_BURST - LIMIT_NAMES_BURST / LIMIT_NAMES_PER_CALL);
        now_msec += wait_msec;
        ck_assert_int_eq(quota_take_change(entry, 500, now_msec), 0);
        ck_assert_int_gt(quota_take_change(entry, 1, now_msec), 0);
}
END_TEST

/* More than there ever are cost what there is. */
START_TEST(any_call_can_be_paid)
{
        struct quota_uid *entry = join(UID);

        ck_assert_int_eq(quota_take_change(entry, 10 * LIMIT_NAMES_BURST, now_msec), 0);
        ck_assert_int_gt(quota_take_change(entry, 1, now_msec), 0);
        leave(entry);
        now_msec += FILL_MSEC;
        ck_assert_ptr_eq(join(UID), entry);
        ck_assert_int_gt(quota_take_change(entry, LIMIT_NAMES_BURST, now_msec), 0);
}
END_TEST

/* Whatever a client tries within a minute. */
START_TEST(the_rate_holds)
{
        struct quota_uid *entry = join(UID);
        int count = 0;

        for (int64_t end = now_msec + 60000; now_msec < end; now_msec++) {
                count += quota_take_change(entry, 0, now_msec) == 0;
                if (now_msec % 17 == 0) {
                        leave(entry);
                        entry = join(UID);
                }
        }
        ck_assert_int_le(count, LIMIT_CHANGES_BURST + 60 * LIMIT_CHANGES_PER_SECOND);
        ck_assert_int_ge(count, LIMIT_CHANGES_BURST + 60 * LIMIT_CHANGES_PER_SECOND - 1);
}
END_TEST

START_TEST(one_entry_a_uid)
{
        struct quota_uid *entry = join(UID);

        ck_assert_ptr_eq(join(UID), entry);
        ck_assert_uint_eq(entry->connections, 2);
        ck_assert_ptr_ne(join(UID + 1), entry);
        ck_assert_int_eq(burst(entry), LIMIT_CHANGES_BURST);
        ck_assert_int_eq(burst(join(UID + 1)), LIMIT_CHANGES_BURST);
}
END_TEST

START_TEST(uid_0_is_one_too)
{
        struct quota_uid *entry = join(0);

        ck_assert_ptr_ne(join(UID), entry);
        ck_assert_ptr_eq(join(0), entry);
}
END_TEST

START_TEST(connecting_anew_does_not_refill)
{
        struct quota_uid *entry = join(UID);

        burst(entry);
        leave(entry);
        ck_assert_int_eq(burst(join(UID)), 0);
        leave(entry);
        /* Nor when others come and go meanwhile, */
        for (uid_t other = UID + 1; other < UID + 1 + 2 * ENTRIES; other++)
                leave(join(other));
        ck_assert_int_eq(burst(join(UID)), 0);
        leave(entry);
        /* nor by waiting for anything but the time. */
        now_msec += 1000;
        leave(join(UID + 1));
        ck_assert_int_eq(burst(join(UID)), LIMIT_CHANGES_PER_SECOND);
}
END_TEST

START_TEST(a_full_bucket_needs_no_entry)
{
        struct quota_uid *entry = join(UID);

        burst(entry);
        leave(entry);
        now_msec += FILL_MSEC - 1;
        ck_assert_ptr_ne(join(UID + 1), entry);
        now_msec += 1;
        ck_assert_ptr_eq(join(UID + 2), entry);
        ck_assert_uint_eq(entry->uid, UID + 2);
        ck_assert_uint_eq(entry->connections, 1);
        ck_assert_int_eq(burst(entry), LIMIT_CHANGES_BURST);
}
END_TEST

/* A free entry in front must not hide the one that is there already. */
START_TEST(found_behind_a_free_one)
{
        struct quota_uid *first = join(UID);
        struct quota_uid *second = join(UID + 1);

        burst(second);
        leave(first);
        now_msec += 1;
        ck_assert_ptr_eq(join(UID + 1), second);
        ck_assert_uint_eq(second->connections, 2);
        ck_assert_int_eq(burst(second), 0);
}
END_TEST

START_TEST(no_room)
{
        struct quota_uid *last = NULL;

        for (uid_t uid = UID; uid < UID + ENTRIES; uid++) {
                last = join(uid);
                ck_assert_ptr_nonnull(last);
        }
        ck_assert_ptr_null(join(UID + ENTRIES));
        ck_assert_ptr_eq(join(UID + ENTRIES - 1), last);
        leave(last);
        leave(last);
        burst(last);
        ck_assert_ptr_null(join(UID + ENTRIES));
        now_msec += FILL_MSEC;
        ck_assert_ptr_eq(join(UID + ENTRIES), last);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {
                begins_full,
                refills_with_time,
                the_wait_is_enough,
                names_are_charged,
                any_call_can_be_paid,
                the_rate_holds,
                one_entry_a_uid,
                uid_0_is_one_too,
                connecting_anew_does_not_refill,
                a_full_bucket_needs_no_entry,
                found_behind_a_free_one,
                no_room,
        };
        Suite *suite = suite_create("session_quota");
        TCase *tcase = tcase_create("session_quota");

        tcase_add_checked_fixture(tcase, setup, NULL);
        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
