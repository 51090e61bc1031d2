/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/judge/view.h"

/* What people are told: each row is the facts of a gateway that runs and is well, but for what it changes. */
#define SINCE_USEC 1700000000000000

static struct record record;

static struct facts well(void)
{
        struct situation runs = {
                .gateway = true, .want_up = true, .supervised = true, .process = PROCESS_RUN, .settled = true};

        record = (struct record){.want_up = true};
        return (struct facts){
                .record = &record,
                .own = {runs, false},
                .logger = {runs, false},
                .has_logger = true,
                .pid = 700,
                .since_usec = SINCE_USEC,
                .ready_usec = SINCE_USEC + 3000000,
                .s6_wants = true,
                .patience = {.msec = {[STEP_PROCESS] = 10000, [STEP_READY] = 1500, [STEP_END] = 180000, [STEP_FINISH] = 10000}},
                .backoff = BACKOFF_DEFAULT,
                .log = {.trouble = LOG_WELL},
        };
}

static struct view judge(const struct facts *facts)
{
        struct view view;

        view_judge(facts, &view);
        return view;
}

static struct facts down(enum hold hold)
{
        struct facts facts = well();

        facts.own.situation.process = PROCESS_NONE;
        facts.own.situation.settled = false;
        facts.own.situation.hold = record.brake.hold = hold;
        facts.pid = 0;
        facts.s6_wants = hold == HOLD_NONE;
        return facts;
}

START_TEST(all_is_well)
{
        struct facts facts = well();
        struct view view = judge(&facts), again;

        ck_assert_int_eq(view.state, STATE_UP);
        ck_assert_int_eq(view.trouble, TROUBLE_NONE);
        ck_assert_int_eq(view.log_trouble, TROUBLE_NONE);
        ck_assert_int_eq(view.pid, 700);
        ck_assert_int_eq(view.ready_usec, facts.ready_usec);
        ck_assert_int_eq(view.next_start_usec, 0);
        ck_assert_int_eq(view.step_until_usec, 0);
        ck_assert_str_eq(view.reason, "");
        /* It is compared as a whole. */
        memset(&again, 0xff, sizeof(again));
        view_judge(&facts, &again);
        ck_assert_mem_eq(&view, &again, sizeof(view));
}
END_TEST

/* A view is compared as a whole. */
START_TEST(nothing_is_between_the_fields)
{
        struct facts one, other;
        struct view view, again;

        memset(&view, 0x5a, sizeof(view));
        memset(&again, 0xa5, sizeof(again));
        memset(&one, 0x5a, sizeof(one));
        memset(&other, 0xa5, sizeof(other));
        for (int i = 0; i < 2; i++) {
                struct facts *facts = i ? &other : &one;

                facts->own = facts->logger = well().own;
                facts->record = &record;
                facts->pid = 700;
                facts->since_usec = SINCE_USEC;
                facts->ready_usec = SINCE_USEC + 3000000;
                facts->step = STEP_NONE;
                facts->step_since_usec = 0;
                facts->patience = well().patience;
                facts->backoff = BACKOFF_DEFAULT;
                facts->logger_ending = well().logger_ending;
                facts->unread = NULL;
                facts->log.trouble = LOG_OWNER;
                facts->log.detail = 5;
                facts->log.held = true;
                facts->has_logger = facts->s6_wants = true;
                facts->unseen = facts->loops = facts->served = facts->unclean = facts->unlocked = facts->unpiped = false;
        }
        view_judge(&one, &view);
        view_judge(&other, &again);
        ck_assert_int_eq(memcmp(&view, &again, sizeof(view)), 0);
}
END_TEST

START_TEST(it_ended_and_s6_starts_it)
{
        struct facts facts = down(HOLD_NONE);
        struct view view = judge(&facts);

        ck_assert_int_eq(view.state, STATE_BACKOFF);
        ck_assert_int_eq(view.next_start_usec, SINCE_USEC + 1000000);
        ck_assert_str_eq(view.reason, "it ended; s6 starts it again");
        ck_assert_int_eq(view.ready_usec, 0);
        facts.s6_wants = false;
        ck_assert_int_eq(judge(&facts).next_start_usec, 0);
}
END_TEST

START_TEST(it_is_held_back)
{
        static const struct {
                enum hold hold;
                enum service_state state;
                enum trouble trouble;
        } rows[] = {
                {HOLD_BACKOFF, STATE_BACKOFF, TROUBLE_BACKOFF},
                {HOLD_FAILED, STATE_FAILED, TROUBLE_FAILED},
                {HOLD_HELD, STATE_HELD, TROUBLE_HELD},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct facts facts = down(rows[i].hold);
                struct view view;

                record.brake.next_start_usec = SINCE_USEC + 4000000;
                record.brake.restarts = 9;
                record.cause = CAUSE_ELSEWHERE;
                snprintf(record.reason, sizeof(record.reason), "as recorded");
                view = judge(&facts);
                ck_assert_int_eq(view.state, rows[i].state);
                ck_assert_int_eq(view.trouble, rows[i].trouble);
                ck_assert_str_eq(view.reason, "as recorded");
                ck_assert_int_eq(view.restarts, 9);
                ck_assert_int_eq(view.next_start_usec, rows[i].hold == HOLD_BACKOFF ? SINCE_USEC + 4000000 : 0);
                ck_assert_int_eq(view.cause, rows[i].hold == HOLD_HELD ? CAUSE_ELSEWHERE : CAUSE_NONE);
        }
}
END_TEST

START_TEST(nobody_supervises_it)
{
        struct facts facts = well();

        facts.own.situation.supervised = facts.logger.situation.supervised = false;
        ck_assert_int_eq(judge(&facts).trouble, TROUBLE_UNSUPERVISED);
        ck_assert_int_eq(judge(&facts).log_trouble, TROUBLE_NONE); /* it is the same trouble */
        ck_assert_str_eq(judge(&facts).reason, "no s6-supervise runs for it");
        facts.unseen = true;
        ck_assert_str_eq(judge(&facts).reason, "it cannot be looked at: the broker tries again");
}
END_TEST

START_TEST(what_the_default_serves_is_down_for_that)
{
        struct facts facts = down(HOLD_NONE);

        facts.own.situation.want_up = record.want_up = false;
        ck_assert_int_eq(judge(&facts).cause, CAUSE_NONE);
        facts.served = true;
        ck_assert_int_eq(judge(&facts).cause, CAUSE_SERVED);
}
END_TEST

/* Every trouble has words, or is a state that has. */
static const struct {
        enum trouble trouble;
        const char *text;
} troubles[] = {
        {TROUBLE_NONE, ""},
        {TROUBLE_UNSUPERVISED, ""},
        {TROUBLE_FAILED, ""},
        {TROUBLE_BACKOFF, ""},
        {TROUBLE_HELD, ""},
        {TROUBLE_UNREAD, "its s6-supervise does not read its orders: it was stopped, or hangs"},
        {TROUBLE_NOT_STARTED, "it has had no process for more than 10 s, though it is wanted up"},
        {TROUBLE_NOT_READY, "it was started more than 1500 ms ago, and is not ready"},
        {TROUBLE_NOT_ENDED, "it was told to end more than 180 s ago, and still runs"},
        {TROUBLE_NOT_FINISHED, "its finish script does not end"},
        {TROUBLE_PAUSED, "it is paused by an order, and does nothing"},
        {TROUBLE_STOPPED, "it is stopped by a signal (SIGSTOP), and does nothing"},
        {TROUBLE_STALE, "its process has ended, but its s6-supervise has not seen that: it was stopped, or hangs"},
        {TROUBLE_UNWANTED, "it runs, though it is wanted down"},
        {TROUBLE_LOGGER, ""},
        {TROUBLE_LOG, ""},
        {TROUBLE_LOCK, ""},
        {TROUBLE_PIPE, "its logger does not get what it prints: s6-svscan has lost the pipe between them"},
};

START_TEST(every_trouble)
{
        struct facts facts = well();
        char text[RECORD_REASON_BYTES];

        ck_assert_uint_eq(sizeof(troubles) / sizeof(troubles[0]), TROUBLES);
        ck_assert_int_eq(troubles[_i].trouble, _i);
        view_describe_trouble(troubles[_i].trouble, &facts.patience, view_unread_text, text, sizeof(text));
        ck_assert_str_eq(text, troubles[_i].text);
}
END_TEST

/* The logger's facts, and what is told of it. */
static const struct logger_row {
        struct situation situation;
        bool late;
        enum trouble trouble;
        const char *text;
} loggers[] = {
#define LOGGER .gateway = true, .want_up = true, .supervised = true
#define DEAD "its logger does not run"
        {{LOGGER, .process = PROCESS_RUN, .settled = true}, false, TROUBLE_NONE, ""},
        {{LOGGER, .process = PROCESS_RUN}, false, TROUBLE_NONE, ""},
        {{LOGGER, .process = PROCESS_RUN, .hold = HOLD_BACKOFF, .retried = true}, false, TROUBLE_NONE, ""},
        {{.gateway = true, .want_up = true}, false, TROUBLE_UNSUPERVISED, DEAD ": no s6-supervise runs for it"},
        {{LOGGER, .process = PROCESS_RUN, .halt = HALT_PAUSED},
         false,
         TROUBLE_PAUSED,
         "its logger is stopped by a signal: what the gateway prints waits"},
        {{LOGGER, .process = PROCESS_RUN, .halt = HALT_STOPPED},
         false,
         TROUBLE_STOPPED,
         "its logger is stopped by a signal: what the gateway prints waits"},
        {{LOGGER, .process = PROCESS_RUN, .halt = HALT_ENDED},
         false,
         TROUBLE_STALE,
         "its logger's process has ended, but its s6-supervise has not seen that: it was stopped, or hangs"},
        {{LOGGER, .process = PROCESS_RUN, .to_end = true},
         true,
         TROUBLE_NOT_ENDED,
         "its logger was told to end more than 180 s ago, and still runs"},
        {{LOGGER, .process = PROCESS_FINISH}, false, TROUBLE_NONE, ""},
        {{LOGGER, .process = PROCESS_FINISH}, true, TROUBLE_NOT_FINISHED, DEAD ": its finish script does not end"},
        {{LOGGER}, false, TROUBLE_NONE, ""},
        {{LOGGER}, true, TROUBLE_NOT_STARTED, DEAD ": it has had no process for more than 10 s"},
        {{LOGGER, .hold = HOLD_BACKOFF}, false, TROUBLE_BACKOFF, DEAD},
        {{LOGGER, .hold = HOLD_BACKOFF, .retried = true}, false, TROUBLE_BACKOFF, DEAD},
        {{LOGGER, .unread = true},
         false,
         TROUBLE_UNREAD,
         "its logger's s6-supervise does not read its orders: it was stopped, or hangs"},
        /* A static service's, which s6 does not want any more. */
        {{.want_up = true, .supervised = true, .given_up = true}, false, TROUBLE_FAILED, DEAD},
};

START_TEST(every_logger)
{
        const struct logger_row *row = &loggers[_i];
        struct facts facts = well();
        struct view view;

        facts.logger = (struct run_facts){row->situation, row->late};
        view = judge(&facts);
        ck_assert_int_eq(view.log_trouble, row->trouble);
        ck_assert_str_eq(view.reason, row->text);
        ck_assert_int_eq(view.trouble, row->trouble == TROUBLE_NONE ? TROUBLE_NONE : TROUBLE_LOGGER);
        ck_assert_int_eq(view.state, STATE_UP); /* it is the gateway's */
        facts.has_logger = false;
        ck_assert_int_eq(judge(&facts).log_trouble, TROUBLE_NONE);
}
END_TEST

START_TEST(a_logger_that_keeps_ending)
{
        struct facts facts = well();

        facts.logger.situation = (struct situation){
                .gateway = true, .want_up = true, .supervised = true, .hold = HOLD_BACKOFF};
        facts.logger_ending = (struct ending){.known = true, .code = 111};
        record.logger_brake = (struct brake){.hold = HOLD_BACKOFF, .attempt = 3, .next_start_usec = 1, .restarts = 4};
        ck_assert_str_eq(judge(&facts).reason, "its logger keeps ending: with exit code 111; attempt 3 waits 8 s");
        ck_assert_int_eq(judge(&facts).log_restarts, 4);
        record.logger_brake.next_start_usec = 0; /* its single run is about to begin */
        ck_assert_str_eq(judge(&facts).reason, "its logger does not run");
}
END_TEST

START_TEST(a_pipe_that_is_lost)
{
        struct facts facts = well();

        facts.unpiped = true;
        facts.logger.situation.hold = HOLD_BACKOFF; /* it keeps ending, for that */
        facts.logger.situation.process = PROCESS_NONE;
        ck_assert_int_eq(judge(&facts).trouble, TROUBLE_PIPE);
        ck_assert_int_eq(judge(&facts).log_trouble, TROUBLE_NONE);
        ck_assert_ptr_nonnull(strstr(judge(&facts).reason, "lost the pipe"));
        facts.own.situation.halt = HALT_STOPPED;
        ck_assert_int_eq(judge(&facts).trouble, TROUBLE_STOPPED);
}
END_TEST

START_TEST(its_files_come_last)
{
        struct facts facts = well();

        facts.unlocked = true;
        ck_assert_int_eq(judge(&facts).trouble, TROUBLE_LOCK);
        ck_assert_str_eq(judge(&facts).reason, locks_unlocked_text);
        facts.log.trouble = LOG_READ_ONLY;
        ck_assert_int_eq(judge(&facts).trouble, TROUBLE_LOG);
        ck_assert_ptr_nonnull(strstr(judge(&facts).reason, "go to the container's log only"));
        facts.logger.situation.supervised = false;
        ck_assert_int_eq(judge(&facts).trouble, TROUBLE_LOGGER);
        facts.own.situation.halt = HALT_STOPPED;
        ck_assert_int_eq(judge(&facts).trouble, TROUBLE_STOPPED);
}
END_TEST

START_TEST(a_step_is_told_with_its_end)
{
        struct facts facts = well();

        facts.own.situation.to_end = true;
        facts.step = STEP_END;
        facts.step_since_usec = SINCE_USEC;
        ck_assert_int_eq(judge(&facts).state, STATE_STOPPING);
        ck_assert_int_eq(judge(&facts).step_until_usec, SINCE_USEC + 180000000);
        ck_assert_int_eq(judge(&facts).trouble, TROUBLE_NONE);
        facts.own.late = true;
        ck_assert_int_eq(judge(&facts).trouble, TROUBLE_NOT_ENDED);
}
END_TEST

START_TEST(notes)
{
        struct facts facts = well();

        ck_assert_int_eq(judge(&facts).note, NOTE_NONE);
        ck_assert_ptr_null(view_note_text(NOTE_NONE));
        facts.unclean = true;
        ck_assert_int_eq(judge(&facts).note, NOTE_UNCLEAN);
        record.gone = true;
        ck_assert_int_eq(judge(&facts).note, NOTE_GONE);
        facts = down(HOLD_NONE);
        record.gone = true;
        ck_assert_int_eq(judge(&facts).note, NOTE_NONE);
        facts.own.situation.want_up = false;
        record.own_stop = true;
        ck_assert_int_eq(judge(&facts).note, NOTE_OWN_STOP);
        for (int note = NOTE_UNCLEAN; note <= NOTE_GONE; note++)
                ck_assert_ptr_nonnull(view_note_text((enum service_note)note));
}
END_TEST

START_TEST(static_services)
{
        struct facts facts = down(HOLD_NONE);

        facts.own.situation.gateway = false;
        record = (struct record){.has_exit = true, .exit_code = 3};
        facts.loops = true;
        ck_assert_str_eq(judge(&facts).reason, "it keeps ending: with exit code 3; s6 starts it again");
        facts.own.situation.given_up = true;
        ck_assert_int_eq(judge(&facts).state, STATE_FAILED);
        ck_assert_str_eq(judge(&facts).reason, "it ended: with exit code 3; its finish script gave it up");
        ck_assert_int_eq(judge(&facts).exit_code, 3);
        ck_assert(judge(&facts).has_exit);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {all_is_well, nothing_is_between_the_fields,
                                      it_ended_and_s6_starts_it,
                                      it_is_held_back,
                                      nobody_supervises_it,
                                      what_the_default_serves_is_down_for_that,
                                      a_logger_that_keeps_ending,
                                      a_pipe_that_is_lost,
                                      its_files_come_last,
                                      a_step_is_told_with_its_end,
                                      notes,
                                      static_services};
        Suite *suite = unit_suite_of("judge_view", tests);
        TCase *tcase = tcase_create("tables");

        tcase_add_loop_test(tcase, every_trouble, 0, sizeof(troubles) / sizeof(troubles[0]));
        tcase_add_loop_test(tcase, every_logger, 0, sizeof(loggers) / sizeof(loggers[0]));
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
