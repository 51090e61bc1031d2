/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/bounds.h"
#include "daemon/judge/log_pipe.h"

#define NOW_MSEC 50000

static const struct ending well = {.known = true}, badly = {.known = true, .code = 111},
                           killed = {.known = true, .code = -1, .signal = 9};
static struct log_pipe it;

static void lose(void)
{
        it = (struct log_pipe){0};
        for (int i = 0; i < LOG_PIPE_ENDS; i++)
                log_pipe_ended(&it, &well, 20);
        ck_assert(log_pipe_is_lost(&it));
}

START_TEST(ends_in_a_row)
{
        for (int i = 1; i < LOG_PIPE_ENDS; i++) {
                log_pipe_ended(&it, &well, 20);
                ck_assert(!log_pipe_is_lost(&it));
        }
        log_pipe_ended(&it, &badly, 20); /* that says nothing of its input */
        log_pipe_ended(&it, &well, 20);
        ck_assert(!log_pipe_is_lost(&it));
        log_pipe_ended(&it, &killed, 20);
        ck_assert_uint_eq(it.ends, 0);
        lose();
        log_pipe_ended(&it, &well, LOG_PIPE_RUN_MSEC); /* somebody has told it to end */
        ck_assert(!log_pipe_is_lost(&it));
}
END_TEST

START_TEST(one_that_runs_reads)
{
        lose();
        log_pipe_begin(&it, NOW_MSEC);
        log_pipe_runs(&it, LOG_PIPE_RUN_MSEC - 1);
        ck_assert(log_pipe_is_lost(&it));
        ck_assert_int_eq(log_pipe_left_msec(&it, LOG_PIPE_RUN_MSEC - 1), 1);
        log_pipe_runs(&it, LOG_PIPE_RUN_MSEC);
        ck_assert(!log_pipe_is_lost(&it) && !it.pause_msec && !it.next_msec);
        ck_assert_int_eq(log_pipe_left_msec(&it, LOG_PIPE_RUN_MSEC), INT64_MAX);
}
END_TEST

/* Of a logger that reads what nobody writes, its running says nothing. */
START_TEST(apart)
{
        log_pipe_seen(&it, PIPED_UNKNOWN);
        ck_assert(!log_pipe_is_lost(&it));
        log_pipe_seen(&it, PIPED_APART);
        ck_assert(log_pipe_is_lost(&it));
        log_pipe_begin(&it, NOW_MSEC);
        log_pipe_runs(&it, LOG_PIPE_RUN_MSEC);
        log_pipe_seen(&it, PIPED_UNKNOWN);
        ck_assert(log_pipe_is_lost(&it));
        ck_assert_int_ne(it.pause_msec, 0);
        ck_assert_int_eq(log_pipe_left_msec(&it, LOG_PIPE_RUN_MSEC), INT64_MAX);
        log_pipe_seen(&it, PIPED_TOGETHER);
        ck_assert(!log_pipe_is_lost(&it));
}
END_TEST

START_TEST(again_after_a_pause_that_doubles)
{
        int64_t now_msec = NOW_MSEC, pause_msec = REVIVAL_FIRST_MSEC;

        lose();
        ck_assert(log_pipe_is_due(&it, now_msec));
        for (int i = 0; i < 20; i++) {
                log_pipe_begin(&it, now_msec);
                ck_assert_int_eq(it.since_msec, now_msec);
                ck_assert_int_eq(it.pause_msec, pause_msec);
                log_pipe_renewed(&it);
                ck_assert(!log_pipe_is_lost(&it));
                for (int end = 0; end < LOG_PIPE_ENDS; end++)
                        log_pipe_ended(&it, &well, 20);
                ck_assert(!log_pipe_is_due(&it, now_msec + pause_msec - 1));
                now_msec += pause_msec;
                ck_assert(log_pipe_is_due(&it, now_msec));
                pause_msec = pause_msec * 2 < REVIVAL_MOST_MSEC ? pause_msec * 2 : REVIVAL_MOST_MSEC;
        }
        log_pipe_later(&it, now_msec);
        ck_assert(log_pipe_is_lost(&it) && !log_pipe_is_due(&it, now_msec));
}
END_TEST

START_TEST(found_by_another_broker)
{
        log_pipe_braked(&it, &badly);
        ck_assert(!log_pipe_is_lost(&it));
        log_pipe_braked(&it, &well);
        ck_assert(log_pipe_is_lost(&it));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {ends_in_a_row, one_that_runs_reads, apart, again_after_a_pause_that_doubles,
                                      found_by_another_broker};

        return unit_run(unit_suite_of("judge_log_pipe", tests));
}
