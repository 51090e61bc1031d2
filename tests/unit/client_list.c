/* SPDX-License-Identifier: ISC */
#include "client/say/list.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <json-c/json.h>

#include "client/terminal/look.h"
#include "client/text/wrap.h"
#include "unit.h"

#define NOW_USEC INT64_C(1000000001) /* 0 is no time */

static const char everything[] =
        "[{\"name\":\"gateway-b\",\"kind\":\"gateway\",\"state\":\"up\",\"want\":\"up\",\"pid\":4711,"
        "  \"since_usec\":940000000,\"restarts\":2,\"last_exit\":{\"signal\":\"SIGKILL\",\"at_usec\":1}},"
        " {\"name\":\"gateway-down\",\"kind\":\"gateway\",\"state\":\"down\",\"want\":\"down\","
        "  \"since_usec\":999999999},"
        " {\"name\":\"gateway-bad\",\"kind\":\"gateway\",\"state\":\"backoff\",\"want\":\"up\","
        "  \"since_usec\":988000000,\"restarts\":4,\"next_start_usec\":1040000001,"
        "  \"reason\":\"it keeps ending: with exit code 1\",\"last_exit\":{\"code\":1,\"at_usec\":1}},"
        " {\"name\":\"gateway-a\",\"kind\":\"gateway\",\"state\":\"up\",\"want\":\"up\",\"pid\":7,"
        "  \"since_usec\":1,\"restarts\":0}]";

static const char one_up[] = "[{\"name\":\"coder\",\"state\":\"up\",\"want\":\"up\",\"pid\":7}]";

static void expect(const char *services, const struct look *look, const char *wanted)
{
        struct json_object *array = json_tokener_parse(services);
        char *text;

        ck_assert_ptr_nonnull(array);
        text = list_text(array, look);
        ck_assert_str_eq(text, wanted);
        free(text);
        json_object_put(array);
}

START_TEST(a_pipe_gets_all_of_it)
{
        const struct look look = {.now_usec = NOW_USEC};

        expect(everything, &look,
               "NAME          STATE    FOR       PID  RESTARTS  LAST EXIT  RETRY   REASON\n"
               "gateway-bad   backoff  12s                   4  exit 1     in 40s  it keeps ending: with "
               "exit "
               "code 1\n"
               "gateway-a     up       16m 40s     7         0\n"
               "gateway-b     up       1m       4711         2  SIGKILL\n"
               "gateway-down  down     1s                    0\n"
               "\n"
               "1 of 4 needs attention: 1 backoff; 'svcctl why gateway-bad' tells more\n");
        expect(one_up, &look, "NAME   STATE  PID  RESTARTS\ncoder  up       7         0\n");
        expect("[{\"name\":\"coder\",\"state\":\"up\",\"want\":\"up\",\"pid\":7,"
               "\"last_exit\":{\"code\":1,\"at_usec\":1,\"ordered\":true}}]",
               &look, "NAME   STATE  PID  RESTARTS\ncoder  up       7         0\n");
        expect("[]", &look, "no services; 'svcctl register PROFILE' makes a gateway\n");
}
END_TEST

START_TEST(symbols_and_colours)
{
        const struct look look = {.now_usec = NOW_USEC, .symbols = true, .columns = 80};
        struct look utf8 = look;

        expect(one_up, &look, "NAME   STATE  PID  RESTARTS\ncoder  * up     7         0\n");
        utf8.utf8 = true;
        expect(one_up, &utf8, "NAME   STATE  PID  RESTARTS\ncoder  ● up     7         0\n");
        utf8.colour = true;
        expect(one_up, &utf8,
               "\033[2mNAME\033[0m   \033[2mSTATE\033[0m  \033[2mPID\033[0m  \033[2mRESTARTS\033[0m\n"
               "coder  \033[32m● up\033[0m     7         0\n");
}
END_TEST

/* The broker says what is a problem; what is on the way and has time is none, whatever state it is in. */
START_TEST(what_is_late_is_first)
{
        const struct look look = {.now_usec = NOW_USEC};

        expect("[{\"name\":\"a\",\"kind\":\"gateway\",\"state\":\"backoff\",\"want\":\"up\",\"since_usec\":"
               "1000000000,"
               "  \"reason\":\"it ended\",\"step_since_usec\":1000000000,\"step_until_usec\":1010000000},"
               " {\"name\":\"b\",\"kind\":\"gateway\",\"state\":\"stopping\",\"want\":\"up\",\"pid\":7,"
               "\"since_usec\":1,"
               "  \"problem\":\"not_ended\",\"reason\":\"it was told to end\",\"step_since_usec\":940000000,"
               "  \"step_until_usec\":950000000},"
               " {\"name\":\"c\",\"kind\":\"gateway\",\"state\":\"stopping\",\"want\":\"down\",\"pid\":8,"
               "\"since_usec\":1,"
               "  \"step_since_usec\":940000000,\"step_until_usec\":1120000000},"
               " {\"name\":\"d\",\"kind\":\"static\",\"state\":\"up\",\"want\":\"down\",\"pid\":9}]",
               &look,
               "NAME  STATE     FOR  PID  RESTARTS  REASON\n"
               "b     stopping  1m     7         0  it was told to end\n"
               "a     backoff   1s               0  it ended\n"
               "c     stopping  1m     8         0\n"
               "d     up               9         0\n"
               "\n"
               "1 of 4 needs attention: 1 stopping; 'svcctl why b' tells more\n");
}
END_TEST

static const struct {
        size_t columns;
        const char *text;
} widths[] = {
        {100, "NAME          STATE    FOR       PID  RESTARTS  LAST EXIT  RETRY   REASON\n"},
        /* The reason goes below. */
        {99, "NAME          STATE    FOR       PID  RESTARTS  LAST EXIT  RETRY\n"
             "gateway-bad   backoff  12s                   4  exit 1     in 40s\n"
             "    it keeps ending: with exit code 1\n"
             "gateway-a "},
        {65, "NAME          STATE    FOR       PID  RESTARTS  LAST EXIT  RETRY\n"},
        {64, "NAME          STATE    FOR       PID  RESTARTS  RETRY\n"},
        {54, "NAME          STATE    FOR       PID  RESTARTS  RETRY\n"},
        {53, "NAME          STATE    FOR      RESTARTS  RETRY\n"},
        {48, "NAME          STATE    FOR      RESTARTS  RETRY\n"},
        {47, "NAME          STATE    FOR      RETRY\n"},
        {38, "NAME          STATE    FOR      RETRY\n"},
        /* The retry goes below, too. */
        {37, "NAME          STATE    FOR\n"
             "gateway-bad   backoff  12s\n"
             "    next start in 40s: it keeps\n"
             "    ending: with exit code 1\n"
             "gateway-a "},
        {30, "NAME          STATE    FOR\n"},
        {29, "NAME          STATE\n"},
        {21, "NAME          STATE\n"},
        /* Names are shorter before they are cut. */
        {20, "NAME  STATE\n"
             "bad   backoff\n"
             "    next start in\n"
             "    40s: it keeps\n"},
};

START_TEST(what_is_left_out_at_which_width)
{
        const struct look look = {.now_usec = NOW_USEC, .columns = widths[_i].columns};
        struct json_object *array = json_tokener_parse(everything);
        char *text = list_text(array, &look);

        ck_assert_msg(strncmp(text, widths[_i].text, strlen(widths[_i].text)) == 0, "%s", text);
        free(text);
        json_object_put(array);
}
END_TEST

#define HUNDRED                                                                                              \
        "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567" \
        "89"

static const char long_names[] = "[{\"name\":\"gateway-begin" HUNDRED HUNDRED
                                 "end\",\"state\":\"up\",\"want\":\"up\",\"since_usec\":940000000,"
                                 "  \"pid\":4711,\"restarts\":2},"
                                 " {\"name\":\"gateway-coder\",\"state\":\"up\",\"want\":\"up\",\"since_"
                                 "usec\":940000000,\"pid\":7,\"restarts\":0},"
                                 " {\"name\":\"svcbrokerd\",\"state\":\"up\",\"want\":\"up\",\"since_usec\":"
                                 "940000000,\"pid\":8,\"restarts\":0}]";

static const struct {
        size_t columns;
        const char *text;
} cuts[] = {
        {80, "NAME                                                  STATE  FOR   PID  RESTARTS\n"
             "begin012345678901234567890~8901234567890123456789end  up     1m   4711         2\n"
             "coder                                                 up     1m      7         0\n"},
        {54, "NAME                        STATE  FOR   PID  RESTARTS\n"
             "begin01234567~123456789end  up     1m   4711         2\n"},
        {20, "NAME           STATE\n"
             "begin0~789end  up\n"
             "coder          up\n"
             "svcbrokerd     up\n"},
};

START_TEST(one_long_name_costs_the_others_nothing)
{
        const struct look look = {.now_usec = NOW_USEC, .columns = cuts[_i].columns};
        struct json_object *array = json_tokener_parse(long_names);
        char *text = list_text(array, &look);

        ck_assert_msg(strncmp(text, cuts[_i].text, strlen(cuts[_i].text)) == 0, "%s", text);
        free(text);
        json_object_put(array);
}
END_TEST

/* From 18 columns on: below that, a name of 8 and a state do not fit. */
START_TEST(no_line_is_too_wide)
{
        struct json_object *array = json_tokener_parse(everything);

        for (size_t columns = 18; columns < 200; columns++) {
                const struct look look = {.now_usec = NOW_USEC, .columns = columns};
                char *text = list_text(array, &look);

                for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
                        ck_assert_msg(strcspn(line, "\n") <= columns, "%zu: %s", columns, text);
                free(text);
        }
        json_object_put(array);
}
END_TEST

START_TEST(the_worst_is_first)
{
        static const char *const states[] = {"failed",   "unsupervised", "backoff",   "held", "down",
                                             "starting", "stopping",     "finishing", "up"};
        struct json_object *array = json_object_new_array();
        const struct look look = {.now_usec = NOW_USEC};
        const char *at;
        char *text;

        for (size_t i = sizeof(states) / sizeof(states[0]); i-- > 0;) {
                struct json_object *service = json_object_new_object();

                json_object_object_add(service, "name", json_object_new_string(states[i]));
                json_object_object_add(service, "state", json_object_new_string(states[i]));
                /* One that is down and should not be. */
                json_object_object_add(service, "want", json_object_new_string("up"));
                json_object_array_add(array, service);
        }
        text = list_text(array, &look);
        at = text;
        for (size_t i = 0; i < 5; i++) {
                const char *found = strstr(at, states[i]);

                ck_assert_msg(found != NULL, "%s is not where it should be: %s", states[i], text);
                at = found + 2 * strlen(states[i]);
        }
        ck_assert_ptr_nonnull(strstr(text, "5 of 9 need attention: 1 failed, 1 unsupervised, 1 backoff, 1 "
                                           "held, 1 down; 'svcctl why failed' tells more\n"));
        free(text);
        json_object_put(array);
}
END_TEST

START_TEST(a_logger_that_ends_needs_attention)
{
        const struct look look = {.now_usec = NOW_USEC};

        expect("[{\"name\":\"a\",\"state\":\"up\",\"want\":\"up\"},"
               " {\"name\":\"b\",\"state\":\"up\",\"want\":\"up\",\"reason\":\"its logger \\u001b[2J\"}]",
               &look,
               "NAME  STATE  RESTARTS  REASON\n"
               "b     up            0  its logger \\x1b[2J\n"
               "a     up            0\n"
               "\n"
               "1 of 2 needs attention: 1 up; 'svcctl why b' tells more\n");
}
END_TEST

static const struct {
        const char *text;
        size_t at, indent, columns;
        const char *written;
} wraps[] = {
        {"one two three", 0, 0, 0, "one two three"},
        {"one two three", 0, 0, 13, "one two three"},
        {"one two three", 0, 2, 12, "one two\n  three"},
        {"one two three", 4, 4, 12, "one two\n    three"},
        {"abcdefghijkl", 0, 2, 10, "abcdefghij\n  kl"},
        {"a bcdefghijklmn", 0, 0, 8, "a\nbcdefghi\njklmn"},
        {"one two", 4, 4, 7, "one two"},
        {"", 0, 0, 80, ""},
};

START_TEST(words_are_wrapped)
{
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        wrap_write(file, wraps[_i].text, wraps[_i].at, wraps[_i].indent, wraps[_i].columns);
        fclose(file);
        ck_assert_str_eq(text, wraps[_i].written);
        free(text);
}
END_TEST

/* In columns, and between characters. */
START_TEST(words_beyond_ascii_are_wrapped)
{
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        wrap_write(file,
                   "\xd0\xba\xd0\xbb\xd1\x8e\xd1\x87 \xd0\xba\xd0\xbb\xd1\x8e\xd1\x87 "
                   "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5",
                   0, 0, 9);
        fclose(file);
        ck_assert_str_eq(text, "\xd0\xba\xd0\xbb\xd1\x8e\xd1\x87 \xd0\xba\xd0\xbb\xd1\x8e\xd1\x87\n"
                               "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\n\xe6\x97\xa5");
        free(text);
}
END_TEST

static const struct {
        const char *all, *ctype, *lang;
        bool utf8;
} locales[] = {
        {NULL, NULL, NULL, true},
        {"", "", "", true},
        {NULL, "UTF-8", NULL, true},
        {NULL, "utf8", "C", true},
        {NULL, NULL, "en_US", true},
        {NULL, NULL, "en_US.", true},
        {NULL, NULL, "POSIX", false},
        {NULL, NULL, "de_DE.UTF-8x", false},
        {NULL, NULL, "ja_JP.eucJP", false},
        {NULL, NULL, "C", false},
        {NULL, NULL, "C.UTF-8", true},
        {NULL, NULL, "en_US.utf8", true},
        {NULL, NULL, "de_DE.UTF-8@euro", true},
        {NULL, NULL, "de_DE@euro", false},
        {NULL, NULL, "en_US.UTF-16", false},
        {NULL, NULL, "en_US.ISO-8859-1", false},
        {"", "C.UTF-8", "C", true},
        {"C", "C.UTF-8", "C.UTF-8", false},
        {"C.UTF-8", "C", "C", true},
        {NULL, "POSIX", "C.UTF-8", false},
};

START_TEST(locales_that_are_utf8)
{
        const char *name = locales[_i].all && *locales[_i].all ? locales[_i].all : "";
        bool reads = look_reads_utf8(locales[_i].all, locales[_i].ctype, locales[_i].lang);

        ck_assert_int_eq(look_is_utf8(locales[_i].all, locales[_i].ctype, locales[_i].lang),
                         locales[_i].utf8);
        for (size_t i = 0; i < 2 && !*name; i++)
                name = (i == 0 ? locales[_i].ctype : locales[_i].lang) ?: "";
        ck_assert_int_eq(reads, locales[_i].utf8 || strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("list");
        TCase *tcase = tcase_create("list");

        tcase_add_test(tcase, a_pipe_gets_all_of_it);
        tcase_add_test(tcase, symbols_and_colours);
        tcase_add_loop_test(tcase, what_is_left_out_at_which_width, 0, sizeof(widths) / sizeof(widths[0]));
        tcase_add_loop_test(tcase, one_long_name_costs_the_others_nothing, 0, sizeof(cuts) / sizeof(cuts[0]));
        tcase_add_test(tcase, no_line_is_too_wide);
        tcase_add_test(tcase, the_worst_is_first);
        tcase_add_test(tcase, a_logger_that_ends_needs_attention);
        tcase_add_test(tcase, what_is_late_is_first);
        tcase_add_loop_test(tcase, words_are_wrapped, 0, sizeof(wraps) / sizeof(wraps[0]));
        tcase_add_test(tcase, words_beyond_ascii_are_wrapped);
        tcase_add_loop_test(tcase, locales_that_are_utf8, 0, sizeof(locales) / sizeof(locales[0]));
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
