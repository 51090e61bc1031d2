/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdlib.h>

#include "daemon/session/counts.h"

static struct counts counts;

START_TEST(a_call_counts_when_it_begins_and_when_it_ends)
{
        size_t counted = 0;

        counts_begin(&counts, 2, &counted);
        ck_assert_uint_eq(counts.methods[2].begun, 1);
        ck_assert_uint_eq(counts.methods[2].ended, 0);
        counts_end(&counts, counted, 1000);
        ck_assert_uint_eq(counts.methods[2].ended, 1);
        ck_assert_int_ge(counts.methods[2].nsec, 1000);
        ck_assert_int_eq(counts.methods[2].nsec, counts.methods[2].longest_nsec);
        counts_end(&counts, 0, 0); /* one that was refused before it began */
        ck_assert_uint_eq(counts.methods[2].ended, 1);
}
END_TEST

/* A bound takes what takes exactly so long; what takes longer than all bounds has a place behind them. */
START_TEST(calls_are_told_apart_by_how_long_they_took)
{
        const struct call_count *count = &counts.methods[3];
        const int64_t longest = counts_bounds[COUNTS_BOUNDS - 1].nsec;
        size_t counted = 0;
        uint64_t all = 0;

        counts_begin(&counts, 3, &counted);
        counts_end(&counts, counted, 0);
        for (size_t i = 0; i < COUNTS_BOUNDS; i++) {
                ck_assert(i == 0 || counts_bounds[i].nsec > counts_bounds[i - 1].nsec);
                ck_assert_int_eq((int64_t)(strtod(counts_bounds[i].seconds, NULL) * 1e9 + 0.5),
                                 counts_bounds[i].nsec);
                counts_end(&counts, counted, counts_bounds[i].nsec);
                counts_end(&counts, counted, counts_bounds[i].nsec + 1);
        }
        counts_end(&counts, counted, longest * 1000);
        ck_assert_uint_eq(count->within[0], 2);
        for (size_t i = 1; i <= COUNTS_BOUNDS; i++)
                ck_assert_uint_eq(count->within[i], 2);
        for (size_t i = 0; i <= COUNTS_BOUNDS; i++)
                all += count->within[i];
        ck_assert_uint_eq(count->ended, all);
}
END_TEST

/* Behind the last place nothing is counted, and nothing is written. */
START_TEST(there_are_so_many_places)
{
        char names[2 * COUNTS_CAUSES_MOST][8];
        size_t counted = 0;

        counts_begin(&counts, COUNTS_METHODS_MOST - 1, &counted);
        ck_assert_uint_eq(counted, COUNTS_METHODS_MOST);
        counted = 0;
        counts_begin(&counts, COUNTS_METHODS_MOST, &counted);
        ck_assert_uint_eq(counted, 0);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                snprintf(names[i], sizeof(names[i]), "e.%zu", i);
                counts_refusal(&counts, names[i], NULL);
                counts_refusal(&counts, names[i], NULL);
        }
        ck_assert_uint_eq(counts.refusals[COUNTS_CAUSES_MOST - 1].count, 2);
        ck_assert_str_eq(counts.refusals[COUNTS_CAUSES_MOST - 1].error, names[COUNTS_CAUSES_MOST - 1]);
}
END_TEST

START_TEST(limits_are_told_apart)
{
        memset(&counts, 0, sizeof(counts));
        counts_refusal(&counts, "e.Limit", "one");
        counts_refusal(&counts, "e.Limit", "two");
        counts_refusal(&counts, "e.Limit", NULL);
        counts_refusal(&counts, "e.Limit", "two");
        ck_assert_uint_eq(counts.refusals[0].count, 1);
        ck_assert_uint_eq(counts.refusals[1].count, 2);
        ck_assert_uint_eq(counts.refusals[2].count, 1);
        ck_assert_ptr_null(counts.refusals[3].error);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_call_counts_when_it_begins_and_when_it_ends,
                                      calls_are_told_apart_by_how_long_they_took, there_are_so_many_places,
                                      limits_are_told_apart};

        return unit_run(unit_suite_of("session_counts", tests));
}
