/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/judge/backoff.h"

/* The largest that svcbrokerd's options take. */
#define A_DAY_MSEC 86400000

START_TEST(delays_double_up_to_five_minutes)
{
        static const int64_t seconds[] = {2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300};
        const struct backoff policy = BACKOFF_DEFAULT;
        unsigned attempt = 0;

        for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
                attempt = backoff_attempt(&policy, attempt, 1000);
                ck_assert_uint_eq(attempt, i + 1);
                ck_assert_int_eq(backoff_delay_msec(&policy, attempt), seconds[i] * 1000);
        }
}
END_TEST

START_TEST(a_healthy_run_forgets)
{
        const struct backoff policy = BACKOFF_DEFAULT;

        ck_assert_uint_eq(backoff_attempt(&policy, 9, 599999), 10);
        ck_assert_uint_eq(backoff_attempt(&policy, 9, 600000), 1);
        ck_assert_uint_eq(backoff_attempt(&policy, 9, INT64_MAX), 1);
        ck_assert_uint_eq(backoff_attempt(&policy, 0, 600000), 1);
        ck_assert_uint_eq(backoff_attempt(&policy, 0, 0), 1);
        ck_assert_uint_eq(backoff_attempt(&policy, 1, -1), 2);
}
END_TEST

START_TEST(attempts_do_not_wrap)
{
        const struct backoff policy = BACKOFF_DEFAULT;

        ck_assert_uint_eq(backoff_attempt(&policy, UINT32_MAX - 1, 0), UINT32_MAX);
        ck_assert_uint_eq(backoff_attempt(&policy, UINT32_MAX, 0), UINT32_MAX);
        ck_assert_uint_eq(backoff_attempt(&policy, UINT32_MAX, 600000), 1);
        ck_assert_int_eq(backoff_delay_msec(&policy, UINT32_MAX), 300000);
}
END_TEST

START_TEST(delays_stay_within_what_the_operator_says)
{
        static const int64_t bounds[] = {1, 2, 3, 1999, 2000, 2001, 300000, A_DAY_MSEC - 1, A_DAY_MSEC};
        static const unsigned attempts[] = {1, 2, 3, 31, 32, 33, 63, 64, 65, 1000000, UINT32_MAX};
        const size_t count = sizeof(bounds) / sizeof(bounds[0]);

        for (size_t first = 0; first < count; first++)
                for (size_t most = 0; most < count; most++) {
                        struct backoff policy = {.first_msec = bounds[first],
                                                .most_msec = bounds[most],
                                                .healthy_msec = 600000};
                        int64_t least = bounds[first] < bounds[most] ? bounds[first] : bounds[most];
                        int64_t before = 0;

                        ck_assert_int_eq(backoff_delay_msec(&policy, 1), least);
                        for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
                                int64_t delay = backoff_delay_msec(&policy, attempts[i]);

                                ck_assert_int_ge(delay, before);
                                ck_assert_int_ge(delay, least);
                                ck_assert_int_le(delay, bounds[most]);
                                before = delay;
                        }
                        ck_assert_int_eq(before, bounds[most]);
                }
}
END_TEST

int main(void)
{
        const TTest *tests[] = {delays_double_up_to_five_minutes, a_healthy_run_forgets, attempts_do_not_wrap,
                                delays_stay_within_what_the_operator_says};

        return unit_run(unit_suite_of("judge_backoff", tests));
}
