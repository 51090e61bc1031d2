/* SPDX-License-Identifier: ISC */
#include "client/arguments.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "client/grammar.h"
#include "client/verbs/verbs.h"

#include "unit.h"

#define ARGUMENTS_MAX 16

/* One command line, split at '|' (so that words may hold blanks and be empty). */
struct line {
        char program[8];
        char text[256];
        char *argv[ARGUMENTS_MAX];
        int argc;
};

static void split(struct line *line, const char *text)
{
        char *rest = line->text;

        strcpy(line->program, "svcctl");
        snprintf(line->text, sizeof(line->text), "%s", text);
        line->argc = 0;
        line->argv[line->argc++] = line->program;
        while (rest && *text)
                line->argv[line->argc++] = strsep(&rest, "|");
        line->argv[line->argc] = NULL;
}

static enum arguments_result parse(struct line *line, const char *text, struct options *options)
{
        struct problem problem = {0};
        enum arguments_result result;

        split(line, text);
        result = arguments_parse(line->argc, line->argv, NULL, options, &problem);
        ck_assert_int_eq(result == ARGUMENTS_WRONG, problem.what != NULL);
        if (result == ARGUMENTS_WRONG)
                ck_assert(problem.subject && problem.next);
        return result;
}

START_TEST(options_stand_anywhere)
{
        static const char *const texts[] = {
                "--json|stop|--timeout|2m|a|b|--no-wait|--socket=/s",
                "stop|a|b|--json|--timeout=2m|--no-wait|--socket|/s",
                "--socket|/s|--timeout|2m|--no-wait|--json|stop|a|b",
                "--socket|/no|--socket|/s|--timeout|2m|--no-wait|--json|--|stop|a|b",
        };
        struct options options;
        struct line line;

        ck_assert_int_eq(parse(&line, texts[_i], &options), ARGUMENTS_OK);
        ck_assert_str_eq(options.verb->name, "stop");
        ck_assert(options.json && options.no_wait && !options.all);
        ck_assert_int_eq(options.timeout_msec, 120000);
        ck_assert_str_eq(options.socket, "/s");
        ck_assert_uint_eq(options.words_count, 2);
        ck_assert_str_eq(options.words[0], "a");
        ck_assert_str_eq(options.words[1], "b");
        arguments_deinit(&options);
}
END_TEST

START_TEST(every_verb_is_known)
{
        for (size_t i = 0; verbs[i]; i++) {
                const struct verb *verb = verbs[i];
                struct options options;
                struct line line;
                char text[64];

                ck_assert_ptr_eq(verbs_find(verb->name), verb);
                ck_assert_msg(verb->summary && verb->run, "%s", verb->name);
                ck_assert_msg((verb->words_min > 0) == (verb->missing != NULL), "%s", verb->name);
                ck_assert_msg((verb->words_max > 0) == (verb->usage != NULL), "%s", verb->name);
                ck_assert_uint_le(verb->words_min, verb->words_max);
                snprintf(text, sizeof(text), "%s%s", verb->name, verb->words_min > 0 ? "|a" : "");
                ck_assert_int_eq(parse(&line, text, &options), ARGUMENTS_OK);
                ck_assert_ptr_eq(options.verb, verb);
                ck_assert_int_eq(options.timeout_msec, OPTIONS_NO_TIMEOUT);
                ck_assert_uint_eq(options.words_count, verb->words_min);
                arguments_deinit(&options);
        }
}
END_TEST

/* Each option that a verb takes, and none besides. */
START_TEST(every_option_goes_with_its_verbs)
{
        for (size_t i = 0; verbs[i]; i++) {
                for (size_t j = 0; j < grammar_options_count; j++) {
                        const struct option_row *row = &grammar_options[j];
                        struct options options;
                        struct line line;
                        char text[64];
                        enum arguments_result result;

                        if (row->value == VALUE_NEEDED || row->option & (OPTION_HELP | OPTION_VERSION))
                                continue;
                        snprintf(text, sizeof(text), "%s%s|%s", verbs[i]->name,
                                 verbs[i]->words_min > 0 && row->option != OPTION_ALL ? "|a" : "", row->name);
                        result = parse(&line, text, &options);
                        if ((verbs[i]->options & row->option) ||
                            (row->option == OPTION_JSON && !verbs[i]->live))
                                ck_assert_msg(result == ARGUMENTS_OK, "%s", text);
                        else
                                ck_assert_msg(result == ARGUMENTS_WRONG, "%s", text);
                        if (result == ARGUMENTS_OK) {
                                ck_assert_msg(row->flag == 0 || *(bool *)((char *)&options + row->flag), "%s",
                                              text);
                                arguments_deinit(&options);
                        }
                }
        }
}
END_TEST

START_TEST(variables_and_odd_words)
{
        struct options options;
        struct line line;

        ck_assert_int_eq(parse(&line, "register|--env|A=b=c|coder|--env=B=|--env|C|--no-start", &options),
                         ARGUMENTS_OK);
        ck_assert(options.no_start);
        ck_assert_uint_eq(options.environment_count, 3);
        ck_assert_str_eq(options.environment[0], "A=b=c");
        ck_assert_str_eq(options.environment[1], "B=");
        ck_assert_str_eq(options.environment[2], "C");
        arguments_deinit(&options);

        ck_assert_int_eq(parse(&line, "start||-|--|--json|--", &options), ARGUMENTS_OK);
        ck_assert(!options.json);
        ck_assert_uint_eq(options.words_count, 4);
        ck_assert_str_eq(options.words[0], "");
        ck_assert_str_eq(options.words[1], "-");
        ck_assert_str_eq(options.words[2], "--json");
        ck_assert_str_eq(options.words[3], "--");
        arguments_deinit(&options);
}
END_TEST

START_TEST(usage_errors)
{
        static const char *const texts[] = {
                "--all",
                "--no-wait",
                "strat|a",
                "Start|a",
                "start",
                "start|--all|a",
                "reset",
                "reset|--all",
                "register",
                "register|a|b",
                "unregister",
                "unregister|a|--no-wait",
                "status|--no-wait",
                "list|--all",
                "health|x",
                "doctor|x",
                "reconcile|x",
                "doctor|--dry-run",
                "call",
                "call|M|{}|x",
                "call|M|--more|--oneway",
                "watch|--more",
                "start|a|--bogus",
                "start|a|-x",
                "start|a|--jso",
                "start|a|--json=1",
                "start|a|--timeout",
                "start|a|--timeout|30",
                "start|a|--timeout|",
                "start|a|--timeout|10m 1ms",
                "start|a|--socket=",
                "start|a|--env|A=b",
                "register|a|--env|=b",
                "register|a|--env=",
                "start|a|--wait=down",
                "restart|a|--wait=down",
                "stop|a|--wait=up",
                "stop|a|--wait=ready",
                "start|a|--wait=soon",
                "start|a|--wait=",
                "start|a|--wait|--no-wait",
                "restart|a|--wait|ready",
                "start|--wait|up|a",
                "stop|a|--wait|down|--timeout|2s",
                "logs|a|--raw|--json",
                "list|--raw",
                "logs|a|-fx",
                "logs|a|-f=1",
                "logs|a|-nf",
                "logs|a|-fn=",
                "logs|a|-fn20x",
                "start|--all|--profile",
                "list|--wait",
                "list|--names|--json",
                "status|--names",
                "status|--watch|--json",
                "list|--watch|--names",
                "top|--json",
                "top|--watch",
                "watch|--watch",
                "register|a|--profile",
                "logs",
                "logs|a|--until|soon",
                "logs|a|--since|10m|--until|20m",
                "logs|a|--grep",
                "logs|a|--grep|(",
                "history|a|--grep|b",
                "history|a|--until|10m",
                "logs|--all|--profile",
                "list|--state|nonsense",
                "list|--state|up,",
                "list|--wanted|maybe",
                "list|--sort|size",
                "list|--sort|name|--watch",
                "health|--state|up",
                "kill",
                "kill|--all",
                "kill|a|-s|SEGV",
                "stop|a|--kill-after|11m",
                "start|a|--kill-after|1s",
                "logs|a|-n",
                "logs|a|-n|",
                "logs|a|-n|-1",
                "logs|a|-n|1x",
                "logs|a|-n|2147483648",
                "logs|a|-n|99999999999999999999",
                "logs|a|--since|soon",
                "logs|a|--all",
                "logs|a|-fn",
                "start|a|-f",
                "introspect|a|b",
        };

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                struct options options;
                struct line line;

                ck_assert_msg(parse(&line, texts[i], &options) == ARGUMENTS_WRONG, "%s", texts[i]);
        }
}
END_TEST

START_TEST(no_verb_is_list)
{
        struct options options;
        struct line line;

        ck_assert_int_eq(parse(&line, "", &options), ARGUMENTS_OK);
        ck_assert_str_eq(options.verb->name, "list");
        arguments_deinit(&options);
        ck_assert_int_eq(parse(&line, "--socket|/s|--json", &options), ARGUMENTS_OK);
        ck_assert_str_eq(options.verb->name, "list");
        ck_assert(options.json);
        arguments_deinit(&options);
        ck_assert_int_eq(parse(&line, "--names", &options), ARGUMENTS_OK);
        ck_assert(options.names);
        arguments_deinit(&options);
}
END_TEST

START_TEST(live_views)
{
        static const char *const texts[] = {"status|--watch", "list|--watch", "status|--watch|a|--profile"};
        struct options options;
        struct line line;

        ck_assert_int_eq(parse(&line, texts[_i], &options), ARGUMENTS_OK);
        ck_assert(options.watch);
        arguments_deinit(&options);
        ck_assert_int_eq(parse(&line, "top|a|b|--profile", &options), ARGUMENTS_OK);
        ck_assert_uint_eq(options.words_count, 2);
        arguments_deinit(&options);
}
END_TEST

START_TEST(goals_that_fit)
{
        static const char *const texts[] = {
                "start|a|--wait", "start|a|--wait=up",  "restart|a|--wait=ready",
                "stop|a|--wait",  "stop|a|--wait=down", "start|--all|--wait=up|--timeout|1s",
        };
        struct options options;
        struct line line;

        ck_assert_int_eq(parse(&line, texts[_i], &options), ARGUMENTS_OK);
        ck_assert(!options.no_wait);
        arguments_deinit(&options);
}
END_TEST

START_TEST(logs_and_how_much)
{
        static const char *const texts[] = {"logs|-f|-n|20|a", "logs|a|-n20|--follow", "logs|--lines=20|a|-f",
                                            "logs|-fn20|a",    "logs|-fn|20|a",        "logs|a|-fn=20",
                                            "logs|a|-n=20|-f"};
        struct options options;
        struct line line;

        ck_assert_int_eq(parse(&line, texts[_i], &options), ARGUMENTS_OK);
        ck_assert(options.follow);
        ck_assert_int_eq(options.lines, 20);
        ck_assert(options.since_usec == OPTIONS_NO_SINCE);
        arguments_deinit(&options);
        ck_assert_int_eq(parse(&line, "logs|a|-n|2147483647|--since|2026-11-22T10:50:00Z", &options),
                         ARGUMENTS_OK);
        ck_assert_int_eq(options.lines, 2147483647);
        ck_assert_int_eq(options.since_usec, INT64_C(1795344600000000));
        arguments_deinit(&options);
        ck_assert_int_eq(parse(&line, "logs|--all|--grep|a|b|--until=2026-11-22T10:50:00Z", &options),
                         ARGUMENTS_WRONG);
        ck_assert_int_eq(
                parse(&line, "logs|a|b*|--grep|x+|--until=2026-11-22T10:50:00Z|--since|@1", &options),
                ARGUMENTS_OK);
        ck_assert_str_eq(options.grep, "x+");
        ck_assert_int_eq(options.until_usec, INT64_C(1795344600000000));
        arguments_deinit(&options);
        ck_assert_int_eq(parse(&line, "logs|--state|up|--wanted|down", &options), ARGUMENTS_OK);
        arguments_deinit(&options);
        ck_assert_int_eq(parse(&line, "logs|a|-n0|--profile", &options), ARGUMENTS_OK);
        ck_assert_int_eq(options.lines, 0);
        ck_assert(options.profile);
        arguments_deinit(&options);
}
END_TEST

static const struct {
        const char *text, *meant;
} mistyped[] = {
        {"strat|a", "start"},
        {"Start|a", "start"},
        {"lsit", "list"},
        {"log|a", "logs"},
        {"frobnicate|a", NULL},
        {"start|a|--no-wiat", "--no-wait"},
        {"start|a|--jsn", "--json"},
        {"start|a|--sokcet=/x", "--socket"},
        {"start|a|--frobnicate", NULL},
        {"start|a|--force", NULL}, /* two letters of five are another word, dashes or not */
        {"start|a|-x", NULL},
        /* A third of the word, and nothing that ends something. */
        {"show", NULL},
        {"kil|a", NULL},
        {"stpo|a", NULL},
        {"restrat|a", NULL},
        {"unregistr|a", NULL},
        {"start|--al", NULL},
        {"statsu", "status"},
};

START_TEST(what_was_meant)
{
        struct problem problem = {0};
        struct options options;
        struct line line;

        split(&line, mistyped[_i].text);
        ck_assert_int_eq(arguments_parse(line.argc, line.argv, NULL, &options, &problem), ARGUMENTS_WRONG);
        ck_assert_pstr_eq(problem.meant, mistyped[_i].meant);
}
END_TEST

START_TEST(help_beats_what_follows)
{
        struct options options;
        struct line line;

        ck_assert_int_eq(parse(&line, "--help|--bogus", &options), ARGUMENTS_HELP);
        ck_assert_int_eq(parse(&line, "start|-h", &options), ARGUMENTS_HELP);
        ck_assert_int_eq(parse(&line, "-V", &options), ARGUMENTS_VERSION);
        ck_assert_int_eq(parse(&line, "list|--version", &options), ARGUMENTS_VERSION);
}
END_TEST

START_TEST(socket_of_the_environment)
{
        struct problem problem;
        struct options options;
        struct line line;

        split(&line, "list");
        ck_assert_int_eq(arguments_parse(line.argc, line.argv, "/env", &options, &problem), ARGUMENTS_OK);
        ck_assert_str_eq(options.socket, "/env");
        arguments_deinit(&options);
        ck_assert_int_eq(arguments_parse(line.argc, line.argv, "", &options, &problem), ARGUMENTS_OK);
        ck_assert_int_eq(options.socket[0], '/');
        ck_assert_str_ne(options.socket, "/env");
        arguments_deinit(&options);
        split(&line, "list|--socket|/given");
        ck_assert_int_eq(arguments_parse(line.argc, line.argv, "/env", &options, &problem), ARGUMENTS_OK);
        ck_assert_str_eq(options.socket, "/given");
        arguments_deinit(&options);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("arguments");
        TCase *tcase = tcase_create("arguments");

        tcase_add_loop_test(tcase, options_stand_anywhere, 0, 4);
        tcase_add_test(tcase, every_verb_is_known);
        tcase_add_test(tcase, every_option_goes_with_its_verbs);
        tcase_add_test(tcase, variables_and_odd_words);
        tcase_add_test(tcase, usage_errors);
        tcase_add_loop_test(tcase, live_views, 0, 3);
        tcase_add_test(tcase, no_verb_is_list);
        tcase_add_loop_test(tcase, goals_that_fit, 0, 6);
        tcase_add_loop_test(tcase, logs_and_how_much, 0, 7);
        tcase_add_loop_test(tcase, what_was_meant, 0, sizeof(mistyped) / sizeof(mistyped[0]));
        tcase_add_test(tcase, help_beats_what_follows);
        tcase_add_test(tcase, socket_of_the_environment);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
