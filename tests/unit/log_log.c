/* SPDX-License-Identifier: ISC */
#include "daemon/bounds.h"
#include "daemon/log/log_line.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

/* What was written since, from the other end of standard error. */
static int from;
static int saved;
static char seen[128 * 1024];

static void take(int ends[2])
{
        from = ends[0];
        saved = dup(STDERR_FILENO);
        ck_assert_int_eq(STDERR_FILENO, dup2(ends[1], STDERR_FILENO));
        close(ends[1]);
        ck_assert_int_eq(0, fcntl(from, F_SETFL, O_NONBLOCK));
}

static void setup(void)
{
        int ends[2];

        alarm(60); /* nothing here may block */
        signal(SIGPIPE, SIG_IGN);
        ck_assert_int_eq(0, pipe(ends));
        take(ends);
}

static void teardown(void)
{
        dup2(saved, STDERR_FILENO);
}

static const char *drain(void)
{
        size_t length = 0;
        ssize_t n;

        while ((n = read(from, seen + length, sizeof(seen) - 1 - length)) > 0)
                length += (size_t)n;
        seen[length] = '\0';
        return seen;
}

__attribute__((format(printf, 2, 3))) static void change(enum log_source source, const char *format, ...)
{
        struct line line;
        va_list arguments;

        va_start(arguments, format);
        line_begin(&line, format, &arguments);
        va_end(arguments);
        log_change(source, &line);
}

static unsigned count(const char *text, const char *part)
{
        unsigned found = 0;

        for (const char *at = text; (at = strstr(at, part)); at++)
                found++;
        return found;
}

START_TEST(conversions)
{
        log_line("a: b: %d %d %d %u %lld %lld 100%% <\"ok\">", 0, -17, INT_MIN, UINT_MAX, LLONG_MIN,
                 LLONG_MAX);
        ck_assert_str_eq(
                "a: b: 0 -17 -2147483648 4294967295 -9223372036854775808 9223372036854775807 100% <\"ok\">\n",
                drain());
}
END_TEST

START_TEST(escaping)
{
        char all[256];

        const char *volatile nothing = NULL;

        log_line("x: name=%s uid=%u", "a b\n=%\x7f\xc3\xa9", 5);
        ck_assert_str_eq("x: name=a%20b%0A%3D%25%7F%C3%A9 uid=5\n", drain());
        log_line("%s|%s|%s", "AZaz09_.:@/+-", "", nothing);
        ck_assert_str_eq("AZaz09_.:@/+-||(null)\n", drain());

        for (int i = 0; i < 255; i++)
                all[i] = (char)(i + 1);
        all[255] = '\0';
        log_line("%s", all + 127);
        ck_assert_uint_eq(128 * 3 + 1, strlen(drain()));
        for (const char *c = seen; *c != '\n'; c++)
                ck_assert(strchr("%0123456789ABCDEF", *c));
}
END_TEST

/* A conversion that is not ours must not make us read arguments of the wrong size. */
START_TEST(unknown_conversion)
{
        const char *volatile format = "a %x %s";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        log_line(format, 1, "b");
#pragma GCC diagnostic pop
        ck_assert_str_eq("a %?\n", drain());
        log_line("%lld%%%d", 5LL, 6);
        ck_assert_str_eq("5%6\n", drain());
}
END_TEST

START_TEST(truncation)
{
        char value[2000];

        for (size_t length = 490; length < 530; length++) {
                memset(value, 'a', length);
                value[length] = '\0';
                log_line("%s", value);
                drain();
                ck_assert_uint_le(strlen(seen), LOG_LINE_BYTES);
                ck_assert_uint_eq(1, count(seen, "\n"));
                if (length <= LOG_LINE_BYTES - 4)
                        ck_assert_uint_eq(length + 1, strlen(seen));
                else
                        ck_assert_str_eq("a...\n", seen + strlen(seen) - 5);
        }
        /* No escape is cut in two, whatever is before it, and nothing comes after the cut. */
        memset(value, '\n', sizeof(value) - 1);
        value[sizeof(value) - 1] = '\0';
        for (int before = 0; before < 3; before++) {
                log_line("%s%s uid=%d", &"aa"[before], value, 7);
                drain();
                ck_assert_uint_le(strlen(seen), LOG_LINE_BYTES);
                ck_assert_str_eq("%0A...\n", seen + strlen(seen) - 7);
                ck_assert_uint_eq(0, count(seen, "uid"));
        }
}
END_TEST

static void fill_and_recover(void)
{
        char mark[64];
        unsigned written = 20000;
        unsigned arrived;

        for (unsigned i = 0; i < written; i++)
                log_line("n: number=%u", i);
        arrived = count(drain(), "n: number=");
        ck_assert_uint_gt(arrived, 100);
        ck_assert_uint_lt(arrived, written);
        log_line("after: it");
        snprintf(mark, sizeof(mark), "count=%u\nafter: it\n", written - arrived);
        ck_assert_str_eq(mark, strstr(drain(), "count="));
        log_line("again");
        ck_assert_str_eq("again\n", drain());
}

START_TEST(full_pipe)
{
        int flags = fcntl(STDERR_FILENO, F_GETFL);

        fill_and_recover();
        /* The flag is not ours to set: others share the descriptor. */
        ck_assert_int_eq(flags, fcntl(STDERR_FILENO, F_GETFL));
        ck_assert_int_eq(0, flags & O_NONBLOCK);
}
END_TEST

START_TEST(full_socket)
{
        int ends[2];

        ck_assert_int_eq(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
        take(ends);
        fill_and_recover();
}
END_TEST

/* No reader, no descriptor: nothing happens, errno stays. */
START_TEST(nowhere)
{
        close(from);
        errno = 4711;
        log_line("a");
        close(STDERR_FILENO);
        log_line("b");
        log_refusal(LOG_CLIENT, "c");
        ck_assert_int_eq(4711, errno);
}
END_TEST

/* As much of it as its budget has: so many lines of as many bytes each, one more or less. */
#define BURST_LINES(bytes) (LOG_BURST_BYTES / (bytes))

static unsigned flood_refusals(enum log_source source)
{
        unsigned shown = 0;

        for (unsigned i = 1000; i < 4000; i++) {
                log_refusal(source, "r: number=%u", i); /* 15 bytes */
                if (i % 1000 == 999)
                        shown += count(drain(), "r: number=");
        }
        return shown;
}

/* Nobody's lines drown anybody else's. */
START_TEST(budgets_are_apart)
{
        unsigned shown = flood_refusals(LOG_CLIENT);

        ck_assert_uint_ge(shown, BURST_LINES(15));
        ck_assert_uint_lt(shown, BURST_LINES(15) + 100);
        log_line("ours");
        log_event("event: it");
        log_refusal(LOG_OTHERS, "r: of others");
        log_refusal(LOG_ROOT, "r: of root");
        log_refusal(LOG_CLIENT, "r: of the client");
        change(LOG_ROOT, "audit: Stop: uid=0");
        change(LOG_CLIENT, "audit: Stop: uid=1");
        ck_assert_str_eq(
                drain(),
                "ours\nevent: it\nr: of others\nr: of root\naudit: Stop: uid=0\naudit: Stop: uid=1\n");
}
END_TEST

/* A subject is one budget, whatever is said of it. */
START_TEST(events_by_subject)
{
        unsigned shown = 0;

        for (unsigned i = 1000; i < 5000; i++) {
                if (i % 2)
                        log_event("service: a: %u", i); /* 17 bytes */
                else
                        log_event("service: b: %u", i);
                if (i % 1000 == 999)
                        shown += count(drain(), "service: ");
        }
        ck_assert_uint_ge(shown, BURST_LINES(17));
        ck_assert_uint_lt(shown, BURST_LINES(17) + 100);
        log_event("register: begun");
        log_event("service: c");
        ck_assert_str_eq(drain(), "register: begun\n");
}
END_TEST

/* What a flood that others caused leaves no room for. */
START_TEST(root_is_heard_when_the_pipe_is_full)
{
        for (unsigned i = 0; i < 20000; i++)
                log_line("n: number=%u", i);
        for (unsigned i = 0; i < LOG_KEPT_LINES + 2; i++)
                change(LOG_ROOT, "audit: Stop: uid=0 call=%u", i);
        ck_assert_uint_eq(count(drain(), "audit: "), 0);
        ck_assert(!log_settle(false));
        drain();
        ck_assert_uint_eq(count(seen, "audit: "), LOG_KEPT_LINES);
        ck_assert_ptr_nonnull(strstr(seen, "call=0\naudit: Stop: uid=0 call=1\n"));
        change(LOG_ROOT, "audit: next");
        ck_assert_str_eq(drain(), "audit: next\n");
}
END_TEST

static unsigned calls_of_held;

static void note_held(void *owner)
{
        calls_of_held += owner == &calls_of_held;
}

/* What was held back is told in one line, with how much it was, and asked for once. */
START_TEST(held_lines_are_counted)
{
        char expected[128];
        unsigned shown;

        calls_of_held = 0;
        ck_assert(!log_settle(false));
        log_on_held(note_held, &calls_of_held);
        shown = flood_refusals(LOG_CLIENT);
        ck_assert_uint_eq(calls_of_held, 1);
        ck_assert(log_settle(false));
        ck_assert_str_eq(drain(), "");
        ck_assert(!log_settle(true));
        snprintf(expected, sizeof(expected),
                 "log: lines not written: over their budget count=%u what=refused of=client\n", 3000 - shown);
        ck_assert_str_eq(drain(), expected);
        ck_assert(!log_settle(true));
        ck_assert_str_eq(drain(), "");
        log_on_held(NULL, NULL);
}
END_TEST

/* Root's changes have none. */
START_TEST(root_is_always_heard)
{
        for (unsigned i = 0; i < 5000; i++) {
                change(LOG_ROOT, "audit: Stop: uid=0 call=%u", i);
                if (i % 500 == 499)
                        ck_assert_uint_eq(count(drain(), "audit: Stop"), 500);
        }
}
END_TEST

int main(void)
{
        int failed;
        Suite *suite = suite_create("log_log");
        TCase *cases = tcase_create("log");
        SRunner *runner;

        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, conversions);
        tcase_add_test(cases, escaping);
        tcase_add_test(cases, unknown_conversion);
        tcase_add_test(cases, truncation);
        tcase_add_test(cases, full_pipe);
        tcase_add_test(cases, full_socket);
        tcase_add_test(cases, nowhere);
        tcase_add_test(cases, budgets_are_apart);
        tcase_add_test(cases, events_by_subject);
        tcase_add_test(cases, held_lines_are_counted);
        tcase_add_test(cases, root_is_always_heard);
        tcase_add_test(cases, root_is_heard_when_the_pipe_is_full);
        suite_add_tcase(suite, cases);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
