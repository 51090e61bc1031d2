/* SPDX-License-Identifier: ISC */
#include "client/arguments.h"

#include <stdlib.h>
#include <string.h>

#include "client/verbs/verbs.h"
#include "proto/limits.h"

/* The arguments, and how far they have been read. */
struct reading {
        char *const *argv; /* ended by NULL */
        size_t at;
        uint64_t given; /* the options seen, as a set */
};

/* Takes an option. name: as it was given. value: NULL if none was given in the same argument. */
static enum arguments_result take_option(struct reading *reading, struct options *options,
                                         const struct option_row *row, const char *name, const char *value,
                                         struct problem *problem)
{
        const char *next = reading->argv[reading->at + 1];
        bool right = true;

        if (value && row->value == VALUE_NONE)
                right = grammar_wrong(problem, name, "takes no value", SEE_HELP);
        else if (!value && row->value == VALUE_NEEDED && !next)
                right = grammar_wrong(problem, name, "needs a value", SEE_HELP);
        /* A state behind --wait and a blank would be taken for a name. */
        else if (!value && row->value == VALUE_OPTIONAL && next && grammar_is_goal(next))
                right = grammar_wrong(problem, next,
                                      "would be taken for a name, not for what --wait waits for",
                                      "write --wait=STATE, or the names before --wait");
        if (!right)
                return ARGUMENTS_WRONG;
        if (!value && row->value == VALUE_NEEDED) {
                value = next;
                reading->at++;
        }
        if (row->option == OPTION_HELP)
                return ARGUMENTS_HELP;
        if (row->option == OPTION_VERSION)
                return ARGUMENTS_VERSION;
        if (row->flag > 0)
                *(bool *)((char *)options + row->flag) = true;
        if (row->take && !row->take(options, value, problem))
                return ARGUMENTS_WRONG;
        reading->given |= row->option;
        return ARGUMENTS_OK;
}

static enum arguments_result refuse_option(const char *argument, struct problem *problem)
{
        grammar_unknown_option(argument, problem);
        return ARGUMENTS_WRONG;
}

/* Takes an argument of one-letter options, which may stand together, as in -fn20. */
static enum arguments_result take_letters(struct reading *reading, struct options *options,
                                          struct problem *problem)
{
        const char *argument = reading->argv[reading->at];
        enum arguments_result result = ARGUMENTS_OK;

        for (size_t i = 1; argument[i] && result == ARGUMENTS_OK; i++) {
                const char letter[] = {'-', argument[i], '\0'};
                const char *value = argument[i + 1] == '=' ? argument + i + 2 : NULL;
                const char *name, *none;
                const struct option_row *row = grammar_find_option(letter, &name, &none);

                if (!row)
                        return refuse_option(argument, problem);
                if (row->value == VALUE_NEEDED && !value && argument[i + 1])
                        value = argument + i + 1;
                result = take_option(reading, options, row, name, value, problem);
                if (value)
                        break;
        }
        return result;
}

static enum arguments_result take_word(struct reading *reading, struct options *options,
                                       struct problem *problem)
{
        const char *argument = reading->argv[reading->at];
        const char *name, *value;
        const struct option_row *row = grammar_find_option(argument, &name, &value);

        return row ? take_option(reading, options, row, name, value, problem)
                   : refuse_option(argument, problem);
}

/* Puts options into their fields, and all else into words, of which the first is the verb. */
static enum arguments_result sort_arguments(struct reading *reading, struct options *options,
                                            struct problem *problem)
{
        enum arguments_result result = ARGUMENTS_OK;
        bool options_end = false;

        for (; reading->argv[reading->at] && result == ARGUMENTS_OK; reading->at++) {
                const char *argument = reading->argv[reading->at];

                if (!options_end && strcmp(argument, "--") == 0)
                        options_end = true;
                else if (options_end || argument[0] != '-' || argument[1] == '\0')
                        options->words[options->words_count++] = argument;
                else if (argument[1] != '-')
                        result = take_letters(reading, options, problem);
                else
                        result = take_word(reading, options, problem);
        }
        return result;
}

static bool take_verb(struct options *options, struct problem *problem)
{
        const char *name = options->words_count > 0 ? options->words[0] : "list";

        options->verb = verbs_find(name);
        if (!options->verb)
                return grammar_unknown_verb(name, problem);
        if (options->words_count > 0) {
                options->words_count--;
                memmove(options->words, options->words + 1, options->words_count * sizeof(*options->words));
        }
        return true;
}

/* Options that exclude each other: the one that is named as wrong, and what is said of it. */
static const struct {
        uint64_t both;
        const char *subject, *what;
} contraries[] = {
        {OPTION_NAMES | OPTION_JSON, "--names", "does not go with --json"},
        {OPTION_NAMES | OPTION_WATCH, "--names", "does not go with --watch"},
        {OPTION_STATE | OPTION_WATCH, "--state", "does not go with --watch"},
        {OPTION_WANTED | OPTION_WATCH, "--wanted", "does not go with --watch"},
        {OPTION_SORT | OPTION_WATCH, "--sort", "does not go with --watch"},
        {OPTION_NO_HEADER | OPTION_WATCH, "--no-header", "does not go with --watch"},
        {OPTION_NAMES | OPTION_USAGE, "--names", "does not go with --usage"},
        {OPTION_PROMETHEUS | OPTION_JSON, "--prometheus", "does not go with --json"},
        {OPTION_RAW | OPTION_JSON, "--raw", "does not go with --json"},
        {OPTION_MORE | OPTION_ONEWAY, "--more", "does not go with --oneway"},
        {OPTION_ALL | OPTION_PROFILE, "--all", "does not go with --profile"},
        {OPTION_WAIT | OPTION_NO_WAIT, "--wait", "does not go with --no-wait"},
};

static bool check_options(const struct options *options, uint64_t given, struct problem *problem)
{
        uint64_t refused = given & ~(OPTIONS_ALWAYS | options->verb->options);

        for (size_t i = 0; i < grammar_options_count; i++) {
                const struct option_row *row = &grammar_options[i];

                if (row->option == (refused & -refused)) /* only the lowest is told */
                        return grammar_wrong(problem, row->letter ? row->letter : row->name,
                                             "does not go with this verb", SEE_HELP);
        }
        if (options->all && options->words_count > 0)
                return grammar_wrong(problem, "--all", "does not go with names", "leave one of them out");
        for (size_t i = 0; i < sizeof(contraries) / sizeof(contraries[0]); i++) {
                if ((given & contraries[i].both) == contraries[i].both)
                        return grammar_wrong(problem, contraries[i].subject, contraries[i].what,
                                             "leave one of them out");
        }
        if (options->json && (options->watch || options->verb->live))
                return grammar_wrong(problem, "--json", "does not go with a live view",
                                     "use 'svcctl watch --json'");
        return true;
}

static bool check_verb(const struct options *options, struct problem *problem)
{
        const struct verb *verb = options->verb;
        bool down = options->goal && strcmp(options->goal, "down") == 0;

        if (options->goal && verb->waits == WAIT_DOWN && !down)
                return grammar_wrong(problem, "--wait", "stop waits for down only", "write --wait=down");
        if (options->goal && verb->waits == WAIT_UP && down)
                return grammar_wrong(problem, "--wait", "start and restart wait for up only",
                                     "write --wait=up, or ready");
        if (options->words_count < verb->words_min && !options->all && !options->states && !options->wanted)
                return grammar_wrong(problem, verb->name, "needs an argument", verb->missing);
        if (options->until_usec < options->since_usec)
                return grammar_wrong(problem, "--until", "is before --since", "give a later time");
        if (options->words_count > verb->words_max)
                return grammar_wrong(problem, options->words[verb->words_max], "is one argument too many",
                                     SEE_HELP);
        if (options->timeout_msec > LIMIT_WAIT_MSEC)
                return grammar_wrong(problem, "--timeout", "is longer than the broker waits",
                                     "10m is the most");
        if (options->kill_after_msec > LIMIT_KILL_AFTER_MSEC)
                return grammar_wrong(problem, "--kill-after", "is longer than the broker waits",
                                     "10m is the most");
        return true;
}

enum arguments_result arguments_parse(int argc, char *const *argv, const char *environment_socket,
                                      struct options *options, struct problem *problem)
{
        struct options made = {.timeout_msec = OPTIONS_NO_TIMEOUT,
                               .kill_after_msec = OPTIONS_NO_TIMEOUT,
                               .lines = OPTIONS_NO_LINES,
                               .since_usec = OPTIONS_NO_SINCE,
                               .until_usec = OPTIONS_NO_UNTIL,
                               .socket = SVCBROKER_SOCKET_PATH};
        struct reading reading = {.argv = argv, .at = argc > 0 ? 1 : 0};
        enum arguments_result result;

        if (environment_socket && *environment_socket)
                made.socket = environment_socket;
        made.words = calloc((size_t)argc + 1, sizeof(*made.words));
        made.environment = calloc((size_t)argc + 1, sizeof(*made.environment));
        if (!made.words || !made.environment) {
                arguments_deinit(&made);
                return ARGUMENTS_MEMORY;
        }
        result = sort_arguments(&reading, &made, problem);
        if (result == ARGUMENTS_OK &&
            !(take_verb(&made, problem) && check_options(&made, reading.given, problem) &&
              check_verb(&made, problem)))
                result = ARGUMENTS_WRONG;
        if (result != ARGUMENTS_OK) {
                arguments_deinit(&made);
                return result;
        }
        made.subject = made.verb->name;
        made.patterns = made.verb->patterns;
        made.orders = made.verb->orders;
        made.broker_waits = made.verb->waits != WAIT_ANSWER && !made.no_wait;
        *options = made;
        return ARGUMENTS_OK;
}

void arguments_deinit(struct options *options)
{
        free(options->words);
        free(options->environment);
        options->words = NULL;
        options->environment = NULL;
}
