/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <signal.h>
#include <string.h>

#include "daemon/judge/signals.h"
#include "proto/sysname.h"

#define PID 700
#define NOW_USEC INT64_C(1700000000000000)
#define ENDING_MSEC 180000

static unsigned row_of(const char *name)
{
        for (unsigned i = 0; i < SIGNALS; i++)
                if (strcmp(signal_rows[i].name, name) == 0)
                        return i;
        ck_abort_msg("%s", name);
}

static void send(struct signals *signals, const char *name)
{
        signals_add(signals, PID, row_of(name));
        signals_note(signals, NOW_USEC);
}

static bool ends(const struct signals *signals, int code, int number, int64_t after_msec)
{
        struct ending ending = {.known = true, .code = code, .signal = number};

        return signals_ended(signals, PID, &ending, ENDING_MSEC, NOW_USEC + after_msec * 1000);
}

START_TEST(each_has_its_letter_and_its_name)
{
        for (unsigned i = 0; i < SIGNALS; i++) {
                ck_assert_str_eq(signal_names[i], signal_rows[i].name);
                ck_assert_ptr_eq(signals_of_letter(signal_rows[i].letter), &signal_rows[i]);
                ck_assert_str_eq(sysname_signal(signal_rows[i].number), signal_rows[i].name);
        }
        ck_assert_ptr_null(signal_names[SIGNALS]);
        for (const char *other = "udoxraOUDQKPCbXZ"; *other; other++)
                ck_assert_ptr_null(signals_of_letter(*other));
}
END_TEST

START_TEST(what_is_due_is_due_to_that_run_only)
{
        struct signals signals = {0};
        char letters[SIGNALS + 1];

        signals_add(&signals, PID, row_of("TERM"));
        signals_add(&signals, PID, row_of("CONT"));
        signals_letters(&signals, PID, letters);
        ck_assert_str_eq(letters, "tc");
        signals_letters(&signals, PID + 1, letters);
        ck_assert_str_eq(letters, "");
        signals_add(&signals, PID + 1, row_of("HUP"));
        signals_letters(&signals, PID, letters);
        ck_assert_str_eq(letters, "");
        signals_letters(&signals, PID + 1, letters);
        ck_assert_str_eq(letters, "h");
        signals_note(&signals, NOW_USEC);
        signals_letters(&signals, PID + 1, letters);
        ck_assert_str_eq(letters, "");
}
END_TEST

START_TEST(ends_that_were_ordered)
{
        static const struct {
                const char *sent;
                int code, number;
                int64_t after_msec;
                bool ordered;
        } rows[] = {
                {"KILL", -1, SIGKILL, 1, true},
                {"KILL", -1, SIGKILL, 1000 * ENDING_MSEC, true},
                {"TERM", 1, 0, 1, true},
                {"TERM", 1, 0, ENDING_MSEC - 1, true},
                {"TERM", 1, 0, ENDING_MSEC, false},
                {"TERM", -1, SIGTERM, ENDING_MSEC, true},
                {"INT", 130, 0, 5, true},
                {"QUIT", -1, SIGSEGV, 5, true},
                {"HUP", -1, SIGHUP, 5, true},
                {"HUP", 1, 0, 5, false},
                {"USR1", -1, SIGUSR2, 5, false},
                {"WINCH", -1, SIGKILL, 5, false},
                {"STOP", -1, SIGKILL, 5, false},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct signals signals = {0};

                ck_assert(!ends(&signals, rows[i].code, rows[i].number, rows[i].after_msec));
                send(&signals, rows[i].sent);
                ck_assert_msg(ends(&signals, rows[i].code, rows[i].number, rows[i].after_msec) ==
                                      rows[i].ordered,
                              "%s, %d, %d", rows[i].sent, rows[i].code, rows[i].number);
                signals.pid = PID + 1; /* another run's */
                ck_assert(!ends(&signals, rows[i].code, rows[i].number, rows[i].after_msec));
        }
}
END_TEST

START_TEST(what_is_not_sent_has_ended_nothing)
{
        struct signals signals = {0};

        signals_add(&signals, PID, row_of("KILL"));
        ck_assert(!ends(&signals, -1, SIGKILL, 1));
}
END_TEST

START_TEST(another_broker_s)
{
        struct signals signals = {0}, adopted = {0};

        send(&signals, "TERM");
        send(&signals, "STOP");
        signals_adopt(&adopted, PID, signals.sent, signals.sent_usec);
        ck_assert(ends(&adopted, 1, 0, 10));
        ck_assert(!ends(&adopted, 1, 0, ENDING_MSEC));
        ck_assert(signals_stands(&adopted, PID));
        ck_assert(!signals_stands(&adopted, PID + 1));
}
END_TEST

/* Which did not say when: only that very signal has ended it. */
START_TEST(an_older_broker_s)
{
        struct signals adopted = {0};

        signals_adopt(&adopted, PID, 1u << row_of("INT") | 1u << row_of("STOP"), 0);
        ck_assert(!ends(&adopted, 1, 0, 10));
        ck_assert(ends(&adopted, -1, SIGINT, 10));
        ck_assert(signals_stands(&adopted, PID));
}
END_TEST

START_TEST(stop_and_cont)
{
        struct signals signals = {0};

        ck_assert(!signals_stands(&signals, PID));
        ck_assert(!signals_stands(&signals, 0));
        send(&signals, "STOP");
        ck_assert(signals_stands(&signals, PID));
        send(&signals, "WINCH");
        ck_assert(signals_stands(&signals, PID));
        send(&signals, "CONT");
        ck_assert(!signals_stands(&signals, PID));
        send(&signals, "STOP");
        signals_forget_stop(&signals);
        ck_assert(!signals_stands(&signals, PID));
}
END_TEST

int main(void)
{
        const TTest *tests[] = {each_has_its_letter_and_its_name,
                                what_is_due_is_due_to_that_run_only,
                                ends_that_were_ordered,
                                what_is_not_sent_has_ended_nothing,
                                another_broker_s,
                                an_older_broker_s,
                                stop_and_cont};

        return unit_run(unit_suite_of("judge_signals", tests));
}
