/* SPDX-License-Identifier: ISC */
#include "client/log/logmerge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "client/log/loglast.h"
#include "client/text/pattern.h"
#include "unit.h"

#define LOGS 3

static char top[64], directories[LOGS][80];
static int lost; /* the last result that was told */

static void note_loss(void *context, const char *name, const char *directory, int result)
{
        lost = result;
}

static void set_up(void)
{
        unsetenv("TZ"); /* stamps are the machine's */
        snprintf(top, sizeof(top), "/tmp/logmerge.XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(top));
        for (size_t i = 0; i < LOGS; i++) {
                snprintf(directories[i], sizeof(directories[i]), "%s/%c", top, (char)('a' + i));
                ck_assert_int_eq(mkdir(directories[i], 0700), 0);
        }
        lost = 0;
}

static void tear_down(void)
{
        char command[80];

        snprintf(command, sizeof(command), "rm -rf %s", top);
        ck_assert_int_eq(system(command), 0);
}

static void append(size_t log, const char *name, const char *bytes, size_t length)
{
        char path[160];
        int fd;

        snprintf(path, sizeof(path), "%s/%s", directories[log], name);
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
        close(fd);
}

static void put(size_t log, const char *name, const char *text)
{
        append(log, name, text, strlen(text));
}

/* At that second of one minute; with "nsec" in the second where text says so. */
static void put_at(size_t log, int second, int nsec, const char *text)
{
        char line[256];

        snprintf(line, sizeof(line), "2026-11-22 11:50:%02d.%09d  %s\n", second, nsec, text);
        put(log, "current", line);
}

/* When that minute began, which is the machine's. */
static int64_t minute_usec(void)
{
        static const char stamp[] = "2026-11-22 11:50:00.000000000  ";
        struct logline_clock clock;
        struct logline line;

        logline_clock_init(&clock);
        logline_parse(&clock, stamp, sizeof(stamp) - 1, &line);
        return line.at_usec;
}

static void put_aside(size_t log, unsigned number)
{
        char from[160], to[160];

        snprintf(from, sizeof(from), "%s/current", directories[log]);
        snprintf(to, sizeof(to), "%s/@%024x.s", directories[log], number);
        ck_assert_int_eq(rename(from, to), 0);
        put(log, "current", "");
}

static struct logmerge *open_merge(const struct logfilter *filter, bool follow, bool waits)
{
        struct logfilter all = LOGFILTER_ALL;
        struct logmerge *merge;

        ck_assert_int_eq(logmerge_new(filter ? filter : &all, follow, note_loss, NULL, &merge), 0);
        for (size_t i = 0; i < LOGS; i++) {
                const char name[] = {(char)('a' + i), '\0'};

                ck_assert_int_eq(logmerge_add(merge, name, directories[i], waits), 0);
        }
        return merge;
}

static char told[4096];

/* All that there is, as "a:text b:text ". */
static const char *take_all(struct logmerge *merge)
{
        struct logmerge_entry entry;
        enum logmerge_turn turn;
        size_t length = 0;

        told[0] = '\0';
        while ((turn = logmerge_next(merge, &entry)) != LOGMERGE_END) {
                if (turn == LOGMERGE_BUSY)
                        continue;
                length += (size_t)snprintf(told + length, sizeof(told) - length, "%s:%.*s ", entry.name,
                                           (int)entry.entry.line.length, entry.entry.line.text);
                ck_assert_uint_lt(length, sizeof(told));
        }
        return told;
}

static const char *take_once(const struct logfilter *filter)
{
        struct logmerge *merge = open_merge(filter, false, false);

        take_all(merge);
        logmerge_free(merge);
        return told;
}

START_TEST(lines_come_in_the_order_of_their_time)
{
        char stamped[64];

        put_at(0, 1, 0, "1");
        put_at(2, 2, 7, "2");
        put_at(1, 2, 8, "3"); /* a nanosecond later */
        put_at(0, 3, 0, "4");
        put_at(0, 3, 1, "5");
        put_at(1, 3, 1000, "6");
        snprintf(stamped, sizeof(stamped), "@%016llx%08x 7\n",
                 (1ULL << 62) + 37 + (unsigned long long)minute_usec() / 1000000 + 6, 0u);
        put(2, "current", stamped);
        put_at(0, 7, 0, "8");
        ck_assert_str_eq(take_once(NULL), "a:1 c:2 b:3 a:4 a:5 b:6 c:7 a:8 ");
}
END_TEST

START_TEST(lines_of_one_time_stay_in_order)
{
        for (int i = 0; i < 3; i++) {
                char text[] = {(char)('0' + i), '\0'};

                put_at(2, 5, 0, text);
                put_at(1, 5, 0, text);
                put_at(0, 5, 0, text);
        }
        ck_assert_str_eq(take_once(NULL), "a:0 a:1 a:2 b:0 b:1 b:2 c:0 c:1 c:2 ");
}
END_TEST

START_TEST(what_has_no_stamp_stays_with_what_is_before_it)
{
        put(0, "current", "first\n");
        put_at(0, 1, 0, "error");
        put(0, "current", "  at x\n  at y\n");
        put_at(1, 1, 1, "between");
        put_at(0, 2, 0, "next");
        put(2, "current", "no stamp at all\n");
        ck_assert_str_eq(take_once(NULL),
                         "a:first c:no stamp at all a:error a:  at x a:  at y b:between a:next ");
}
END_TEST

/* A clock that is set back changes nothing in a log, and no other waits for it for ever. */
START_TEST(stamps_may_go_back)
{
        put_at(0, 10, 0, "1");
        put_at(0, 2, 0, "2");
        put_at(0, 11, 0, "3");
        put_at(1, 3, 0, "x");
        put_at(1, 10, 1, "y");
        ck_assert_str_eq(take_once(NULL), "b:x a:1 a:2 b:y a:3 ");
}
END_TEST

START_TEST(files_that_were_put_aside_are_read_first)
{
        put_at(0, 1, 0, "1");
        put_aside(0, 1);
        put_at(1, 2, 0, "2");
        put_at(0, 3, 0, "3");
        put_aside(0, 2);
        put(0, "current", "4"); /* it has no end yet */
        put_at(2, 5, 0, "5");
        ck_assert_str_eq(take_once(NULL), "a:1 b:2 a:3 a:4 c:5 ");
}
END_TEST

static void check_filter(const char *expression, int since, int until, const char *expected)
{
        struct logfilter filter = LOGFILTER_ALL;
        char problem[PATTERN_PROBLEM_BYTES];

        if (since >= 0)
                filter.since_usec = minute_usec() + since * INT64_C(1000000);
        if (until >= 0)
                filter.until_usec = minute_usec() + until * INT64_C(1000000);
        if (expression)
                ck_assert_int_eq(pattern_new(expression, &filter.pattern, problem), 0);
        ck_assert_str_eq(take_once(&filter), expected);
        pattern_free(filter.pattern);
}

START_TEST(lines_are_left_out)
{
        put(0, "current", "old x\n");
        put_at(0, 1, 0, "one x");
        put(0, "current", "still one x\n");
        put_at(1, 2, 0, "two");
        put_at(0, 3, 0, "three x");
        put_at(0, 4, 500, "four x");
        check_filter(NULL, 2, -1, "b:two a:three x a:four x ");
        check_filter(NULL, -1, 1, "a:old x a:one x a:still one x ");
        check_filter(NULL, 1, 3, "a:one x a:still one x b:two a:three x ");
        check_filter("x$", 1, 3, "a:one x a:still one x a:three x ");
        check_filter("^t", -1, -1, "b:two a:three x ");
        check_filter("^(two|four)", -1, -1, "b:two a:four x ");
        check_filter("2026|11:50", -1, -1, ""); /* a stamp is no text */
        check_filter("still", 1, 1, "a:still one x ");
        check_filter("still", 2, 3, "");
}
END_TEST

START_TEST(the_last_lines_begin_with_a_stamp)
{
        struct logmerge *merge;

        put_at(0, 1, 0, "1");
        put_at(0, 2, 0, "2");
        put(0, "current", "2b\n2c\n");
        put_aside(0, 1);
        put_at(1, 3, 0, "3");
        merge = open_merge(NULL, false, false);
        logmerge_keep_last(merge, 2);
        ck_assert_str_eq(take_all(merge), "a:2 a:2b a:2c b:3 ");
        logmerge_rewind(merge);
        ck_assert_str_eq(take_all(merge), "a:2 a:2b a:2c b:3 ");
        logmerge_free(merge);
}
END_TEST

/* Looks until that is there. */
static void wait_for(struct logmerge *merge, const char *expected)
{
        size_t length = 0;
        char all[sizeof(told)] = "";

        for (int i = 0; i < 1000 && strlen(all) < strlen(expected); i++) {
                logmerge_look(merge);
                length += (size_t)snprintf(all + length, sizeof(all) - length, "%s", take_all(merge));
                if (strlen(all) < strlen(expected))
                        usleep(10000);
        }
        ck_assert_str_eq(all, expected);
}

START_TEST(several_are_followed_over_their_files)
{
        struct logmerge *merge;

        put_at(0, 1, 0, "1");
        put_at(1, 2, 0, "2");
        put(2, "current", "ha");
        merge = open_merge(NULL, true, false);
        ck_assert_str_eq(take_all(merge), "a:1 b:2 ");
        put_at(0, 3, 0, "3"); /* it comes when the merge goes on */
        ck_assert_str_eq(take_all(merge), "");
        logmerge_go_on(merge);
        wait_for(merge, "a:3 ");
        put_at(0, 4, 0, "4");
        put_aside(0, 1);
        put_at(1, 5, 0, "5");
        put_at(0, 6, 0, "6");
        put_aside(0, 2);
        put_at(0, 7, 0, "7");
        put_aside(1, 1);
        put_at(1, 8, 0, "8");
        put(2, "current", "lf\n");
        wait_for(merge, "c:half a:4 b:5 a:6 a:7 b:8 ");
        ck_assert_int_ge(logmerge_fd(merge), 0);
        ck_assert_int_le(logmerge_patience_msec(merge), 2000);
        logmerge_free(merge);
}
END_TEST

static void put_now(size_t log, int later_sec, const char *text)
{
        struct timespec now;
        char line[128];
        struct tm broken;
        size_t length;

        clock_gettime(CLOCK_REALTIME, &now);
        now.tv_sec += later_sec;
        length = strftime(line, sizeof(line), "%F %T", localtime_r(&now.tv_sec, &broken));
        snprintf(line + length, sizeof(line) - length, ".%09ld  %s\n", now.tv_nsec, text);
        put(log, "current", line);
}

/* What is written between the look for it and the merge's going on is not lost. */
START_TEST(a_directory_that_is_missing_is_waited_for)
{
        struct logmerge *merge;
        char command[160];

        snprintf(command, sizeof(command), "rm -r %s", directories[0]);
        ck_assert_int_eq(system(command), 0);
        merge = open_merge(NULL, true, true);
        ck_assert_str_eq(take_all(merge), "");
        ck_assert_int_eq(mkdir(directories[0], 0700), 0);
        put_now(0, -3600, "old");
        put_now(0, 0, "new");
        logmerge_go_on(merge);
        wait_for(merge, "a:new ");
        logmerge_free(merge);
}
END_TEST

START_TEST(a_directory_that_goes_is_waited_for)
{
        struct logmerge *merge;
        char command[160];

        put_at(0, 1, 0, "1");
        merge = open_merge(NULL, true, true);
        ck_assert_str_eq(take_all(merge), "a:1 ");
        logmerge_go_on(merge);
        snprintf(command, sizeof(command), "rm -r %s", directories[0]);
        ck_assert_int_eq(system(command), 0);
        for (int i = 0; i < 1000 && lost == 0; i++) {
                logmerge_look(merge);
                ck_assert_str_eq(take_all(merge), "");
                usleep(10000);
        }
        ck_assert_int_eq(lost, -ENOENT);
        ck_assert_uint_eq(logmerge_count(merge), LOGS);
        put_now(1, 0, "b");
        wait_for(merge, "b:b ");
        ck_assert_int_eq(mkdir(directories[0], 0700), 0);
        put_at(0, 1, 0, "old");
        put_now(0, 60, "new");
        wait_for(merge, "a:new ");
        logmerge_free(merge);
}
END_TEST

START_TEST(a_directory_that_is_not_waited_for_is_told_of)
{
        struct logmerge *merge;
        char command[160];

        merge = open_merge(NULL, true, false);
        ck_assert_int_eq(logmerge_add(merge, "d", "/nonexistent", false), -ENOENT);
        ck_assert_str_eq(take_all(merge), "");
        logmerge_go_on(merge);
        snprintf(command, sizeof(command), "rm -r %s", top);
        ck_assert_int_eq(system(command), 0);
        for (int i = 0; i < 1000 && logmerge_count(merge) > 0; i++) {
                logmerge_look(merge);
                ck_assert_str_eq(take_all(merge), "");
                usleep(10000);
        }
        ck_assert_int_eq(lost, -ENOENT);
        ck_assert_uint_eq(logmerge_count(merge), 0);
        logmerge_free(merge);
}
END_TEST

/* What has no end does not keep the caller: it has its turn after so many bytes. */
START_TEST(a_file_without_a_newline_is_read_in_turns)
{
        struct logmerge_entry entry;
        struct logmerge *merge;
        char path[160];
        int busy = 0, lines = 0;
        enum logmerge_turn turn;

        put(0, "current", "x");
        put_at(1, 1, 0, "1");
        snprintf(path, sizeof(path), "%s/current", directories[0]);
        ck_assert_int_eq(truncate(path, 5 * (off_t)LOGCURSOR_TURN_BYTES), 0);
        merge = open_merge(NULL, false, false);
        while ((turn = logmerge_next(merge, &entry)) != LOGMERGE_END) {
                busy += turn == LOGMERGE_BUSY;
                lines += turn == LOGMERGE_LINE;
        }
        ck_assert_int_ge(busy, 4);
        ck_assert_int_eq(lines, 2);
        logmerge_free(merge);
}
END_TEST

/* The same as line by line, wherever the blocks end that are read. */
static void check_search(const char *expression, const char *bytes, size_t length)
{
        struct logfilter filter = LOGFILTER_ALL;
        char problem[PATTERN_PROBLEM_BYTES];
        struct logmerge_entry entry;
        struct logmerge *merge;
        size_t found = 0;
        enum logmerge_turn turn;

        ck_assert_int_eq(pattern_new(expression, &filter.pattern, problem), 0);
        merge = open_merge(&filter, false, false);
        for (const char *at = bytes, *newline; at < bytes + length; at = newline + 1) {
                newline = memchr(at, '\n', (size_t)(bytes + length - at));
                if (!pattern_matches(filter.pattern, at + 31, (size_t)(newline - at) - 31))
                        continue;
                do
                        turn = logmerge_next(merge, &entry);
                while (turn == LOGMERGE_BUSY);
                ck_assert_int_eq(turn, LOGMERGE_LINE);
                ck_assert_uint_eq(entry.entry.line.length, (size_t)(newline - at) - 31);
                ck_assert_int_eq(memcmp(entry.entry.line.text, at + 31, entry.entry.line.length), 0);
                found++;
        }
        ck_assert_int_eq(logmerge_next(merge, &entry), LOGMERGE_END);
        ck_assert_uint_gt(found, 10);
        logmerge_free(merge);
        pattern_free(filter.pattern);
}

START_TEST(a_search_finds_what_is_there)
{
        static const char *const expressions[] = {"needle", "needle|thread", "^line 7",
                                                  "7$",     "[aeiou]{3}",    "9.*needle"};
        static char bytes[1 << 20];
        size_t length = 0;

        for (unsigned number = 0; length < sizeof(bytes) - 20000; number++) {
                length += (size_t)snprintf(bytes + length, sizeof(bytes) - length,
                                           "2026-11-22 11:50:%02u.%09u  line %u of %*s%s\n",
                                           number / 100 % 60, number, number,
                                           (int)(number * 2654435761u % (number % 50 ? 90 : 16000)), "",
                                           number % 13 == 5   ? "a needle"
                                           : number % 17 == 3 ? "one thread"
                                           : number % 19 == 4 ? "a queue"
                                                              : "it 7");
        }
        append(0, "current", bytes, length);
        check_search(expressions[_i], bytes, length);
}
END_TEST

START_TEST(the_last_ones_are_kept_while_there_is_room)
{
        static char text[LOGLINE_BYTES_MAX];
        struct logmerge_entry entry = {.name = "a", .entry.line = {.text = text, .length = 100}};
        struct loglast last;

        loglast_init(&last, 100);
        for (size_t i = 0; i < 1000; i++) {
                entry.number = i;
                loglast_take(&last, &entry);
        }
        ck_assert_uint_eq(last.total, 1000);
        for (size_t i = 0; i < 100; i++)
                ck_assert_uint_eq(loglast_at(&last, i)->number, 900 + i);
        ck_assert_ptr_null(loglast_at(&last, 100));
        loglast_deinit(&last);

        loglast_init(&last, 100000);
        entry.entry.line.length = sizeof(text);
        for (size_t i = 0; i < LOGLAST_BYTES_MAX / sizeof(text) + 1; i++) {
                ck_assert(!last.lost);
                loglast_take(&last, &entry);
        }
        ck_assert(last.lost);
        ck_assert_ptr_null(loglast_at(&last, 0));
        ck_assert_uint_eq(last.total, LOGLAST_BYTES_MAX / sizeof(text) + 1);
        loglast_deinit(&last);

        loglast_init(&last, 0);
        loglast_take(&last, &entry);
        ck_assert_uint_eq(last.total, 1);
        ck_assert_ptr_null(loglast_at(&last, 0));
        loglast_deinit(&last);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("logmerge");
        TCase *tcase = tcase_create("logmerge");

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_add_test(tcase, lines_come_in_the_order_of_their_time);
        tcase_add_test(tcase, lines_of_one_time_stay_in_order);
        tcase_add_test(tcase, what_has_no_stamp_stays_with_what_is_before_it);
        tcase_add_test(tcase, stamps_may_go_back);
        tcase_add_test(tcase, files_that_were_put_aside_are_read_first);
        tcase_add_test(tcase, lines_are_left_out);
        tcase_add_test(tcase, the_last_lines_begin_with_a_stamp);
        tcase_add_test(tcase, several_are_followed_over_their_files);
        tcase_add_test(tcase, a_directory_that_is_missing_is_waited_for);
        tcase_add_test(tcase, a_directory_that_goes_is_waited_for);
        tcase_add_test(tcase, a_directory_that_is_not_waited_for_is_told_of);
        tcase_add_test(tcase, a_file_without_a_newline_is_read_in_turns);
        tcase_add_loop_test(tcase, a_search_finds_what_is_there, 0, 6);
        tcase_add_test(tcase, the_last_ones_are_kept_while_there_is_room);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
