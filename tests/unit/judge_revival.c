/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/judge/revival.h"

/* Every combination, each once. */
static const struct row {
        struct halves halves;
        enum revival revival;
} rows[] = {
        /* gateway, logger, has_log, runs */
        {{true, true, true, false}, REVIVAL_NOTHING},
        {{true, true, true, true}, REVIVAL_NOTHING},
        {{true, false, true, false}, REVIVAL_END_GATEWAY},
        {{true, false, true, true}, REVIVAL_NOTHING},
        {{false, true, true, false}, REVIVAL_END_LOGGER},
        {{false, true, true, true}, REVIVAL_NOTHING}, /* its pipe is the logger's */
        {{false, false, true, false}, REVIVAL_RENEW},
        {{false, false, true, true}, REVIVAL_NOTHING}, /* the slot knows its process group */
        {{true, false, false, false}, REVIVAL_NOTHING},
        {{true, false, false, true}, REVIVAL_NOTHING},
        {{false, false, false, false}, REVIVAL_RENEW},
        {{false, false, false, true}, REVIVAL_NOTHING},
};

START_TEST(each_combination)
{
        ck_assert_int_eq(revival_judge(&rows[_i].halves), rows[_i].revival);
}
END_TEST

START_TEST(what_runs_is_never_ended)
{
        struct halves halves = rows[_i].halves;

        halves.runs = true;
        ck_assert_int_eq(revival_judge(&halves), REVIVAL_NOTHING);
}
END_TEST

START_TEST(due_as_long_as_a_half_is_missing)
{
        const struct halves *halves = &rows[_i].halves;

        ck_assert_int_eq(revival_is_due(halves), !halves->gateway || (halves->has_log && !halves->logger));
}
END_TEST

int main(void)
{
        const int count = sizeof(rows) / sizeof(rows[0]);
        Suite *suite = suite_create("judge_revival");
        TCase *tcase = tcase_create("judge_revival");

        tcase_add_loop_test(tcase, each_combination, 0, count);
        tcase_add_loop_test(tcase, what_runs_is_never_ended, 0, count);
        tcase_add_loop_test(tcase, due_as_long_as_a_half_is_missing, 0, count);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
