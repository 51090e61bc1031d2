/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <signal.h>

#include "daemon/bounds.h"
#include "daemon/judge/event.h"

static char *line_of(const struct event *event)
{
        struct text text;

        text_init(&text);
        event_write(event, &text);
        text_append(&text, "", 1);
        ck_assert(!text.failed);
        return text.bytes;
}

/* Each kind, as it is written; what is read of that is written so again. */
static const struct {
        struct event event;
        const char *line;
} events[] = {
        {{.kind = EVENT_ORDER, .at_usec = 1, .order = EVENT_RESTART, .by = {true, 10000, 12, "svcctl"}},
         "{\"at_usec\":1,\"event\":\"order\",\"order\":\"restart\",\"uid\":10000,\"caller_pid\":12,"
         "\"process\":\"svcctl\"}"},
        {{.kind = EVENT_ORDER, .at_usec = 1, .order = EVENT_REGISTER, .by = {true, 0, 0, ""}},
         "{\"at_usec\":1,\"event\":\"order\",\"order\":\"register\",\"uid\":0}"},
        {{.kind = EVENT_ORDER,
          .at_usec = 1,
          .order = EVENT_SIGNAL,
          .exit_signal = SIGHUP,
          .has_exit = true,
          .exit_code = -1},
         "{\"at_usec\":1,\"event\":\"order\",\"order\":\"signal\",\"signal\":\"SIGHUP\"}"},
        {{.kind = EVENT_BEGAN, .at_usec = 2, .starter = STARTER_RETRY, .pid = 77},
         "{\"at_usec\":2,\"event\":\"began\",\"started_by\":\"retry\",\"pid\":77}"},
        {{.kind = EVENT_ENDED,
          .at_usec = 3,
          .has_exit = true,
          .exit_code = 1,
          .lasted_msec = 1500,
          .pid = 77},
         "{\"at_usec\":3,\"event\":\"ended\",\"code\":1,\"ordered\":false,\"lasted_msec\":1500,\"pid\":77}"},
        {{.kind = EVENT_ENDED,
          .at_usec = 3,
          .has_exit = true,
          .exit_code = -1,
          .exit_signal = SIGKILL,
          .ordered = true,
          .oom_kills = 2},
         "{\"at_usec\":3,\"event\":\"ended\",\"signal\":\"SIGKILL\",\"ordered\":true,\"lasted_msec\":0,"
         "\"oom_kills\":2}"},
        {{.kind = EVENT_ENDED, .at_usec = 3},
         "{\"at_usec\":3,\"event\":\"ended\",\"ordered\":false,\"lasted_msec\":0}"},
        /* One that has no name, as those of real time. */
        {{.kind = EVENT_ENDED, .at_usec = 3, .has_exit = true, .exit_code = -1, .exit_signal = 35},
         "{\"at_usec\":3,\"event\":\"ended\",\"signal\":\"SIGUNKNOWN\",\"ordered\":false,\"lasted_msec\":0}"},
        {{.kind = EVENT_STATE, .at_usec = 4, .state = EVENT_HELD, .text = "why \"so\""},
         "{\"at_usec\":4,\"event\":\"state\",\"state\":\"held\",\"reason\":\"why \\\"so\\\"\"}"},
        {{.kind = EVENT_ENVIRONMENT, .at_usec = 5, .text = "A B_2 ", .left_out = 3},
         "{\"at_usec\":5,\"event\":\"environment\",\"variables\":[\"A\",\"B_2\"],\"left_out\":3}"},
        {{.kind = EVENT_LOGGER, .at_usec = 6, .text = "its logger does not run"},
         "{\"at_usec\":6,\"event\":\"logger\",\"reason\":\"its logger does not run\"}"},
        {{.kind = EVENT_CONTAINER, .at_usec = 7}, "{\"at_usec\":7,\"event\":\"container\"}"},
};

START_TEST(every_kind)
{
        char *line = line_of(&events[_i].event), *again;
        struct event read;

        ck_assert_str_eq(line, events[_i].line);
        ck_assert_int_eq(event_read(line, &read), 0);
        again = line_of(&read);
        ck_assert_str_eq(again, line);
        free(line);
        free(again);
}
END_TEST

/* What others than a broker may write. */
static const char *const refused[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"at_usec\":1}",
        "{\"at_usec\":1,\"event\":\"other\"}",
        "{\"at_usec\":-1,\"event\":\"container\"}",
        "{\"at_usec\":1e3,\"event\":\"container\"}",
        "{\"at_usec\":99999999999999999999,\"event\":\"container\"}",
        "{\"at_usec\":1,\"event\":\"order\"}",
        "{\"at_usec\":1,\"event\":\"began\"}",
        "{\"at_usec\":1,\"event\":\"state\"}",
        "{\"at_usec\":1,\"event\":\"environment\"}",
        "{\"at_usec\":1,\"event\":\"container\",\"event\":\"container\"}",
        "{\"at_usec\":1,\"event\":\"container\"} x",
        "{\"at_usec\":1,\"event\":\"environment\",\"variables\":[\"A=B\"]}",
        "{\"at_usec\":1,\"event\":\"environment\",\"variables\":[1]}",
        "{\"at_usec\":1,\"event\":\"order\",\"order\":\"stop\",\"uid\":-1}",
        "{\"at_usec\":1,\"event\":\"order\",\"order\":\"stop\",\"uid\":4294967296}",
        "{\"at_usec\":1,\"event\":\"order\",\"order\":\"stop\",\"uid\":0,\"process\":\"a b\"}",
        "{\"at_usec\":1,\"event\":\"order\",\"order\":\"stop\",\"uid\":0,\"process\":\"\\u001b[2J\"}",
        "{\"at_usec\":1,\"event\":\"ended\",\"code\":256}",
        "{\"at_usec\":1,\"event\":\"ended\",\"signal\":\"KILL\"}",
        "{\"at_usec\":1,\"event\":\"ended\",\"signal\":\"SIGNONE\"}",
        "{\"at_usec\":1,\"event\":\"ended\",\"lasted_msec\":-1}",
        "{\"at_usec\":1,\"event\":\"began\",\"started_by\":\"s6\",\"pid\":4294967296}",
        "{\"at_usec\":1,\"event\":\"container\",\"more\":[[[1]]]}",
};

START_TEST(others)
{
        struct event event = {.at_usec = 42};

        ck_assert_int_ne(event_read(refused[_i], &event), 0);
        ck_assert_int_eq(event.at_usec, 42);
}
END_TEST

START_TEST(long_reasons)
{
        char line[EVENT_TEXT_BYTES + 128], reason[EVENT_TEXT_BYTES + 1];
        struct event event;

        memset(reason, 'x', sizeof(reason));
        reason[EVENT_TEXT_BYTES] = '\0';
        snprintf(line, sizeof(line), "{\"at_usec\":1,\"event\":\"logger\",\"reason\":\"%s\"}", reason);
        ck_assert_int_ne(event_read(line, &event), 0);
        reason[EVENT_TEXT_BYTES - 1] = '\0';
        snprintf(line, sizeof(line), "{\"at_usec\":1,\"event\":\"logger\",\"reason\":\"%s\"}", reason);
        ck_assert_int_eq(event_read(line, &event), 0);
        ck_assert_str_eq(event.text, reason);
}
END_TEST

/* A broker after this one says more. */
START_TEST(more)
{
        struct event event;

        ck_assert_int_eq(event_read("{\"at_usec\":1,\"event\":\"container\",\"more\":[1]}", &event), 0);
        ck_assert_int_eq(event.kind, EVENT_CONTAINER);
}
END_TEST

START_TEST(processes)
{
        struct event_by by;

        event_set_process(&by, "a b\n\x1b\xff%");
        ck_assert_str_eq(by.process, "a%20b%0A%1B%FF%25");
        event_set_process(&by, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17");
        ck_assert_uint_eq(strlen(by.process), EVENT_PROCESS_BYTES - 1);
        event_set_process(&by, "0123456789012345678901234567890123456789012345678901234567890");
        ck_assert_uint_lt(strlen(by.process), EVENT_PROCESS_BYTES);
}
END_TEST

/* No half of a name, and none without a count. */
START_TEST(variables)
{
        struct event event = {.kind = EVENT_ENVIRONMENT};
        struct event read;
        unsigned named = 0;
        char name[80], *line;

        for (unsigned i = 0; i < LIMIT_ENVIRONMENT_VARIABLES; i++) {
                snprintf(name, sizeof(name), "VARIABLE_WITH_A_LONG_NAME_%02u", i);
                event_add_variable(&event, name);
        }
        for (const char *at = event.text; *at; at++)
                named += *at == ' ';
        ck_assert_uint_gt(named, 5);
        ck_assert_uint_eq(named + event.left_out, LIMIT_ENVIRONMENT_VARIABLES);
        line = line_of(&event);
        ck_assert_int_eq(event_read(line, &read), 0);
        ck_assert_str_eq(read.text, event.text);
        ck_assert_uint_eq(read.left_out, event.left_out);
        free(line);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("event");
        TCase *tcase = tcase_create("event");

        tcase_add_loop_test(tcase, every_kind, 0, (int)(sizeof(events) / sizeof(events[0])));
        tcase_add_loop_test(tcase, others, 0, (int)(sizeof(refused) / sizeof(refused[0])));
        tcase_add_test(tcase, long_reasons);
        tcase_add_test(tcase, more);
        tcase_add_test(tcase, processes);
        tcase_add_test(tcase, variables);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
