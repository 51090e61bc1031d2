#include "client/options.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/text/duration.h"
#include "client/grammar.h"
#include "client/text/moment.h"
#include "client/text/number.h"
#include "proto/limits.h"

const char *options_verb_name(enum verb verb)
{
        return grammar_verbs[verb].name;
}

/* Which goal fits is known only with the verb. */
static enum options_result apply_wait(const char *value, unsigned *given, struct options_problem *problem)
{
        if (!value)
                return OPTIONS_OK;
        if (strcmp(value, "down") == 0)
                *given |= GIVEN_GOAL_DOWN;
        else if (strcmp(value, "up") == 0 || strcmp(value, "ready") == 0)
                *given |= GIVEN_GOAL_UP;
        else
                return grammar_wrong(problem, value, "is not a state to wait for",
                                     "write --wait=up, ready or down");
        return OPTIONS_OK;
}

static enum options_result apply_value(struct options *options, const struct option_row *row,
                                       const char *value, struct options_problem *problem)
{
        if (row->option == OPTION_SOCKET) {
                if (!*value)
                        return grammar_wrong(problem, row->name, "is empty",
                                             "give the path of the broker's socket");
                options->socket = value;
        } else if (row->option == OPTION_ENV) {
                if (!*value || *value == '=')
                        return grammar_wrong(problem, row->name, "has no variable name",
                                             "write --env NAME=VALUE");
                options->environment[options->environment_count++] = value;
        } else if (row->option == OPTION_LINES) {
                if (!number_parse(value, &options->lines))
                        return grammar_wrong(problem, value, "is not a number of lines",
                                             "write it like -n 100");
        } else if (row->option == OPTION_SINCE) {
                if (!moment_parse(value, time(NULL), &options->since_usec))
                        return grammar_wrong(problem, value, "is not a time",
                                             "write it like 10m, 14:30, yesterday or '2026-11-22 14:30'");
        } else if (!duration_parse(value, &options->timeout_msec)) {
                return grammar_wrong(problem, value, "is not a length of time",
                                     "write it like 500ms, 30s or 2m");
        }
        return OPTIONS_OK;
}

static enum options_result apply(struct options *options, const struct option_row *row, const char *value,
                                 struct options_problem *problem)
{
        switch (row->option) {
        case OPTION_HELP:
                return OPTIONS_HELP;
        case OPTION_VERSION:
                return OPTIONS_VERSION;
        case OPTION_JSON:
                options->json = true;
                break;
        case OPTION_ALL:
                options->all = true;
                break;
        case OPTION_NO_WAIT:
                options->no_wait = true;
                break;
        case OPTION_NO_START:
                options->no_start = true;
                break;
        case OPTION_DRY_RUN:
                options->dry_run = true;
                break;
        case OPTION_MORE:
                options->more = true;
                break;
        case OPTION_ONEWAY:
                options->oneway = true;
                break;
        case OPTION_PROFILE:
                options->profile = true;
                break;
        case OPTION_NAMES:
                options->names = true;
                break;
        case OPTION_FOLLOW:
                options->follow = true;
                break;
        case OPTION_WATCH:
                options->watch = true;
                break;
        case OPTION_RAW:
                options->raw = true;
                break;
        case OPTION_WAIT:
                break;
        case OPTION_SOCKET:
        case OPTION_TIMEOUT:
        case OPTION_ENV:
        case OPTION_LINES:
        case OPTION_SINCE:
                return apply_value(options, row, value, problem);
        }
        return OPTIONS_OK;
}

/* Behind --wait and a blank it would be taken for a name. word: may be NULL. */
static bool is_goal(const char *word)
{
        return word && (strcmp(word, "up") == 0 || strcmp(word, "ready") == 0 || strcmp(word, "down") == 0);
}

/* The arguments, and how far they are read. */
struct reading {
        char *const *argv; /* ended by NULL */
        size_t at;
        unsigned given; /* the options seen, as a set */
};

/* value: NULL where none was given with the option itself. */
static enum options_result take_option(struct reading *reading, struct options *options,
                                       const struct option_row *row, const char *value,
                                       struct options_problem *problem)
{
        const char *next = reading->argv[reading->at + 1];
        enum options_result result;

        if (value && row->value == VALUE_NONE)
                return grammar_wrong(problem, row->name, "takes no value", SEE_HELP);
        if (row->value == VALUE_NEEDED && !value) {
                if (!next)
                        return grammar_wrong(problem, row->name, "needs a value", SEE_HELP);
                value = next;
                reading->at++;
        }
        if (row->option == OPTION_WAIT && !value && is_goal(next))
                return grammar_wrong(problem, next, "would be taken for a name, not for what --wait waits "
                                                    "for",
                                     "write --wait=STATE, or the names before --wait");
        result = row->option == OPTION_WAIT ? apply_wait(value, &reading->given, problem)
                                            : apply(options, row, value, problem);
        if (result == OPTIONS_OK)
                reading->given |= row->option;
        return result;
}

/* Options of one letter may stand together, as in -fn20. */
static enum options_result take_letters(struct reading *reading, struct options *options,
                                        struct options_problem *problem)
{
        const char *argument = reading->argv[reading->at];
        enum options_result result = OPTIONS_OK;

        for (size_t i = 1; argument[i] && result == OPTIONS_OK; i++) {
                const char name[] = {'-', argument[i], '\0'};
                const char *value = argument[i + 1] == '=' ? argument + i + 2 : NULL;
                const char *none;
                const struct option_row *row = grammar_find_option(name, &none);

                if (!row)
                        return grammar_unknown_option(argument, problem);
                if (row->value == VALUE_NEEDED && !value && argument[i + 1])
                        value = argument + i + 1;
                result = take_option(reading, options, row, value, problem);
                if (value)
                        break;
        }
        return result;
}

/* Options into their fields, all else into words, the verb first. */
static enum options_result sort_arguments(struct reading *reading, struct options *options,
                                          struct options_problem *problem)
{
        enum options_result result = OPTIONS_OK;
        bool options_end = false;

        for (; reading->argv[reading->at] && result == OPTIONS_OK; reading->at++) {
                const char *argument = reading->argv[reading->at];

                if (!options_end && strcmp(argument, "--") == 0) {
                        options_end = true;
                } else if (options_end || argument[0] != '-' || argument[1] == '\0') {
                        options->words[options->words_count++] = argument;
                } else if (argument[1] != '-') {
                        result = take_letters(reading, options, problem);
                } else {
                        const char *value;
                        const struct option_row *row = grammar_find_option(argument, &value);

                        if (!row)
                                return grammar_unknown_option(argument, problem);
                        result = take_option(reading, options, row, value, problem);
                }
        }
        return result;
}

static enum options_result take_verb(struct options *options, struct options_problem *problem)
{
        if (options->words_count == 0) {
                options->verb = VERB_LIST;
                return OPTIONS_OK;
        }
        for (size_t i = 0; i < grammar_verbs_count; i++) {
                if (strcmp(grammar_verbs[i].name, options->words[0]) != 0)
                        continue;
                options->verb = (enum verb)i;
                options->words_count--;
                memmove(options->words, options->words + 1, options->words_count * sizeof(*options->words));
                return OPTIONS_OK;
        }
        return grammar_unknown_verb(options->words[0], problem);
}

static enum options_result check_verb(const struct options *options, unsigned given,
                                      struct options_problem *problem)
{
        const struct verb_row *verb = &grammar_verbs[options->verb];
        unsigned refused = given & ~(OPTIONS_ALWAYS | verb->options);
        bool stops = options->verb == VERB_STOP;

        for (size_t i = 0; i < grammar_options_count; i++) {
                if (grammar_options[i].option & refused)
                        return grammar_wrong(problem, grammar_options[i].name, "does not go with this verb",
                                             SEE_HELP);
        }
        if (options->all && options->words_count > 0)
                return grammar_wrong(problem, "--all", "does not go with names", "leave one of them out");
        if (options->names && options->json)
                return grammar_wrong(problem, "--names", "does not go with --json", "leave one of them out");
        if (options->names && options->watch)
                return grammar_wrong(problem, "--names", "does not go with --watch", "leave one of them out");
        if (options->json && (options->watch || options->verb == VERB_TOP))
                return grammar_wrong(problem, "--json", "does not go with a live view",
                                     "use 'svcctl watch --json'");
        if (options->raw && options->json)
                return grammar_wrong(problem, "--raw", "does not go with --json", "leave one of them out");
        if (options->more && options->oneway)
                return grammar_wrong(problem, "--more", "does not go with --oneway", "leave one of them out");
        if (options->all && options->profile)
                return grammar_wrong(problem, "--all", "does not go with --profile", "leave one of them out");
        if ((given & OPTION_WAIT) && options->no_wait)
                return grammar_wrong(problem, "--wait", "does not go with --no-wait",
                                     "leave one of them out");
        if (given & (stops ? GIVEN_GOAL_UP : GIVEN_GOAL_DOWN))
                return grammar_wrong(problem, "--wait", stops ? "stop waits for down only" : "start and "
                                                                                             "restart wait "
                                                                                             "for up only",
                                     stops ? "write --wait=down" : "write --wait=up, or ready");
        if (options->words_count < verb->words_min && !options->all)
                return grammar_wrong(problem, verb->name, "needs an argument", verb->missing);
        if (options->words_count > verb->words_max)
                return grammar_wrong(problem, options->words[verb->words_max], "is one argument too many",
                                     SEE_HELP);
        if (options->timeout_msec > LIMIT_WAIT_MSEC)
                return grammar_wrong(problem, "--timeout", "is longer than the broker waits",
                                     "10m is the most");
        return OPTIONS_OK;
}

enum options_result options_parse(int argc, char *const *argv, const char *environment_socket,
                                  struct options *options, struct options_problem *problem)
{
        struct options made = {.timeout_msec = OPTIONS_NO_TIMEOUT,
                               .lines = OPTIONS_NO_LINES,
                               .since_usec = OPTIONS_NO_SINCE,
                               .socket = SVCBROKER_SOCKET_PATH};
        struct reading reading = {.argv = argv, .at = argc > 0 ? 1 : 0};
        enum options_result result;

        if (environment_socket && *environment_socket)
                made.socket = environment_socket;
        made.words = calloc((size_t)argc + 1, sizeof(*made.words));
        made.environment = calloc((size_t)argc + 1, sizeof(*made.environment));
        if (!made.words || !made.environment) {
                options_deinit(&made);
                return OPTIONS_MEMORY;
        }
        result = sort_arguments(&reading, &made, problem);
        if (result == OPTIONS_OK)
                result = take_verb(&made, problem);
        if (result == OPTIONS_OK)
                result = check_verb(&made, reading.given, problem);
        if (result == OPTIONS_OK)
                *options = made;
        else
                options_deinit(&made);
        return result;
}

void options_deinit(struct options *options)
{
        free(options->words);
        free(options->environment);
        options->words = NULL;
        options->environment = NULL;
}
