#include "client/options.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/duration.h"
#include "client/moment.h"
#include "client/number.h"
#include "client/suggest.h"
#include "proto/limits.h"

enum option {
        OPTION_HELP = 1 << 0,
        OPTION_VERSION = 1 << 1,
        OPTION_JSON = 1 << 2,
        OPTION_SOCKET = 1 << 3,
        OPTION_ALL = 1 << 4,
        OPTION_NO_WAIT = 1 << 5,
        OPTION_TIMEOUT = 1 << 6,
        OPTION_ENV = 1 << 7,
        OPTION_NO_START = 1 << 8,
        OPTION_MORE = 1 << 9,
        OPTION_ONEWAY = 1 << 10,
        OPTION_DRY_RUN = 1 << 11,
        OPTION_WAIT = 1 << 12,
        OPTION_PROFILE = 1 << 13,
        OPTION_NAMES = 1 << 14,
        OPTION_FOLLOW = 1 << 15,
        OPTION_LINES = 1 << 16,
        OPTION_SINCE = 1 << 17,
        OPTION_WATCH = 1 << 18,
        OPTION_RAW = 1 << 19,
};

/* Beside the options, in the set of what was given. */
#define GIVEN_GOAL_UP (1u << 30)
#define GIVEN_GOAL_DOWN (1u << 31)

#define OPTIONS_ALWAYS (OPTION_HELP | OPTION_VERSION | OPTION_JSON | OPTION_SOCKET | OPTION_TIMEOUT)

enum option_value {
        VALUE_NONE = 0,
        VALUE_NEEDED,   /* --name=value or --name value */
        VALUE_OPTIONAL, /* --name=value only */
};

struct option_row {
        const char *name;
        enum option option;
        enum option_value value;
};

static const struct option_row option_rows[] = {
        {"-h", OPTION_HELP, VALUE_NONE},
        {"--help", OPTION_HELP, VALUE_NONE},
        {"-V", OPTION_VERSION, VALUE_NONE},
        {"--version", OPTION_VERSION, VALUE_NONE},
        {"--json", OPTION_JSON, VALUE_NONE},
        {"--socket", OPTION_SOCKET, VALUE_NEEDED},
        {"--timeout", OPTION_TIMEOUT, VALUE_NEEDED},
        {"--all", OPTION_ALL, VALUE_NONE},
        {"--no-wait", OPTION_NO_WAIT, VALUE_NONE},
        {"--env", OPTION_ENV, VALUE_NEEDED},
        {"--no-start", OPTION_NO_START, VALUE_NONE},
        {"--dry-run", OPTION_DRY_RUN, VALUE_NONE},
        {"--more", OPTION_MORE, VALUE_NONE},
        {"--oneway", OPTION_ONEWAY, VALUE_NONE},
        {"--wait", OPTION_WAIT, VALUE_OPTIONAL},
        {"--profile", OPTION_PROFILE, VALUE_NONE},
        {"--names", OPTION_NAMES, VALUE_NONE},
        {"-f", OPTION_FOLLOW, VALUE_NONE},
        {"--follow", OPTION_FOLLOW, VALUE_NONE},
        {"-n", OPTION_LINES, VALUE_NEEDED},
        {"--lines", OPTION_LINES, VALUE_NEEDED},
        {"--since", OPTION_SINCE, VALUE_NEEDED},
        {"--raw", OPTION_RAW, VALUE_NONE},
        {"--watch", OPTION_WATCH, VALUE_NONE},
};

struct verb_row {
        const char *name;
        unsigned options; /* beside OPTIONS_ALWAYS */
        size_t words_min; /* --all stands for them */
        size_t words_max;
        const char *missing;
};

#define OPTIONS_ORDER (OPTION_ALL | OPTION_WAIT | OPTION_NO_WAIT | OPTION_PROFILE)

static const struct verb_row verb_rows[] = {
        [VERB_START] = {"start", OPTIONS_ORDER, 1, SIZE_MAX, "give NAMEs or --all"},
        [VERB_STOP] = {"stop", OPTIONS_ORDER, 1, SIZE_MAX, "give NAMEs or --all"},
        [VERB_RESTART] = {"restart", OPTIONS_ORDER, 1, SIZE_MAX, "give NAMEs or --all"},
        [VERB_STATUS] = {"status", OPTION_PROFILE | OPTION_WATCH, 0, 1, NULL},
        [VERB_LIST] = {"list", OPTION_NAMES | OPTION_WATCH, 0, 0, NULL},
        [VERB_WHY] = {"why", OPTION_PROFILE, 1, 1, "give a NAME"},
        [VERB_REGISTER] = {"register", OPTION_ENV | OPTION_NO_START, 1, 1, "give a PROFILE"},
        [VERB_UNREGISTER] = {"unregister", 0, 1, 1, "give a PROFILE"},
        [VERB_WATCH] = {"watch", OPTION_PROFILE, 0, SIZE_MAX, NULL},
        [VERB_TOP] = {"top", OPTION_PROFILE, 0, SIZE_MAX, NULL},
        [VERB_RESET] = {"reset", OPTION_PROFILE, 1, SIZE_MAX, "give NAMEs"},
        [VERB_HEALTH] = {"health", 0, 0, 0, NULL},
        [VERB_RECONCILE] = {"reconcile", OPTION_DRY_RUN, 0, 0, NULL},
        [VERB_DOCTOR] = {"doctor", 0, 0, 0, NULL},
        [VERB_CALL] = {"call", OPTION_MORE | OPTION_ONEWAY, 1, 2,
                       "give a METHOD, like List or org.varlink.service.GetInfo"},
        [VERB_LOGS] = {"logs", OPTION_PROFILE | OPTION_FOLLOW | OPTION_LINES | OPTION_SINCE | OPTION_RAW, 1,
                       1, "give a NAME"},
        [VERB_INTROSPECT] = {"introspect", 0, 0, 1, NULL},
};

#define VERBS (sizeof(verb_rows) / sizeof(verb_rows[0]))
#define OPTION_ROWS (sizeof(option_rows) / sizeof(option_rows[0]))
#define SEE_HELP "see 'svcctl --help'"

const char *options_verb_name(enum verb verb)
{
        return verb_rows[verb].name;
}

static enum options_result wrong(struct options_problem *problem, const char *subject, const char *what,
                                 const char *next)
{
        *problem = (struct options_problem){.subject = subject, .what = what, .next = next};
        return OPTIONS_WRONG;
}

/* *value: behind the = of --name=value, else NULL. */
static const struct option_row *find_option(const char *argument, const char **value)
{
        size_t length = strcspn(argument, "=");

        *value = argument[length] ? argument + length + 1 : NULL;
        for (size_t i = 0; i < OPTION_ROWS; i++) {
                const char *name = option_rows[i].name;

                if (strlen(name) == length && strncmp(name, argument, length) == 0)
                        return &option_rows[i];
        }
        return NULL;
}

/* Who follows a proposal without a thought must not lose anything by it: these are not proposed. */
static const char *harmless(const char *proposal)
{
        static const char *const ending[] = {"stop", "restart", "unregister", "--all"};

        for (size_t i = 0; proposal && i < sizeof(ending) / sizeof(ending[0]); i++) {
                if (strcmp(proposal, ending[i]) == 0)
                        return NULL;
        }
        return proposal;
}

static enum options_result unknown_option(const char *argument, struct options_problem *problem)
{
        struct suggestion suggestion;
        char name[SUGGEST_WORD_BYTES_MAX + 2]; /* a longer one stays too long */

        snprintf(name, sizeof(name), "%.*s", (int)strcspn(argument, "="), argument);
        suggest_init(&suggestion, name);
        for (size_t i = 0; i < OPTION_ROWS; i++) {
                if (option_rows[i].name[1] == '-')
                        suggest_offer(&suggestion, option_rows[i].name);
        }
        wrong(problem, argument, "unknown option", SEE_HELP);
        problem->meant = harmless(suggestion.nearest);
        return OPTIONS_WRONG;
}

static enum options_result unknown_verb(const char *word, struct options_problem *problem)
{
        struct suggestion suggestion;

        suggest_init(&suggestion, word);
        for (size_t i = 0; i < VERBS; i++)
                suggest_offer(&suggestion, verb_rows[i].name);
        wrong(problem, word, "unknown verb", SEE_HELP);
        problem->meant = harmless(suggestion.nearest);
        return OPTIONS_WRONG;
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
                return wrong(problem, value, "is not a state to wait for", "write --wait=up, ready or down");
        return OPTIONS_OK;
}

static enum options_result apply_value(struct options *options, const struct option_row *row,
                                       const char *value, struct options_problem *problem)
{
        if (row->option == OPTION_SOCKET) {
                if (!*value)
                        return wrong(problem, row->name, "is empty", "give the path of the broker's socket");
                options->socket = value;
        } else if (row->option == OPTION_ENV) {
                if (!*value || *value == '=')
                        return wrong(problem, row->name, "has no variable name", "write --env NAME=VALUE");
                options->environment[options->environment_count++] = value;
        } else if (row->option == OPTION_LINES) {
                if (!number_parse(value, &options->lines))
                        return wrong(problem, value, "is not a number of lines", "write it like -n 100");
        } else if (row->option == OPTION_SINCE) {
                if (!moment_parse(value, time(NULL), &options->since_usec))
                        return wrong(problem, value, "is not a time",
                                     "write it like 10m, 14:30, yesterday or '2026-11-22 14:30'");
        } else if (!duration_parse(value, &options->timeout_msec)) {
                return wrong(problem, value, "is not a length of time", "write it like 500ms, 30s or 2m");
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
                return wrong(problem, row->name, "takes no value", SEE_HELP);
        if (row->value == VALUE_NEEDED && !value) {
                if (!next)
                        return wrong(problem, row->name, "needs a value", SEE_HELP);
                value = next;
                reading->at++;
        }
        if (row->option == OPTION_WAIT && !value && is_goal(next))
                return wrong(problem, next, "is a name there, and not what --wait waits for",
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
                const struct option_row *row = find_option(name, &none);

                if (!row)
                        return unknown_option(argument, problem);
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
                        const struct option_row *row = find_option(argument, &value);

                        if (!row)
                                return unknown_option(argument, problem);
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
        for (size_t i = 0; i < VERBS; i++) {
                if (strcmp(verb_rows[i].name, options->words[0]) != 0)
                        continue;
                options->verb = (enum verb)i;
                options->words_count--;
                memmove(options->words, options->words + 1, options->words_count * sizeof(*options->words));
                return OPTIONS_OK;
        }
        return unknown_verb(options->words[0], problem);
}

static enum options_result check_verb(const struct options *options, unsigned given,
                                      struct options_problem *problem)
{
        const struct verb_row *verb = &verb_rows[options->verb];
        unsigned refused = given & ~(OPTIONS_ALWAYS | verb->options);
        bool stops = options->verb == VERB_STOP;

        for (size_t i = 0; i < OPTION_ROWS; i++) {
                if (option_rows[i].option & refused)
                        return wrong(problem, option_rows[i].name, "does not go with this verb", SEE_HELP);
        }
        if (options->all && options->words_count > 0)
                return wrong(problem, "--all", "does not go with names", "leave one of them out");
        if (options->names && options->json)
                return wrong(problem, "--names", "does not go with --json", "leave one of them out");
        if (options->names && options->watch)
                return wrong(problem, "--names", "does not go with --watch", "leave one of them out");
        if (options->json && (options->watch || options->verb == VERB_TOP))
                return wrong(problem, "--json", "does not go with a live view", "use 'svcctl watch --json'");
        if (options->raw && options->json)
                return wrong(problem, "--raw", "does not go with --json", "leave one of them out");
        if (options->more && options->oneway)
                return wrong(problem, "--more", "does not go with --oneway", "leave one of them out");
        if (options->all && options->profile)
                return wrong(problem, "--all", "does not go with --profile", "leave one of them out");
        if ((given & OPTION_WAIT) && options->no_wait)
                return wrong(problem, "--wait", "does not go with --no-wait", "leave one of them out");
        if (given & (stops ? GIVEN_GOAL_UP : GIVEN_GOAL_DOWN))
                return wrong(problem, "--wait", stops ? "a stop ends in down" : "a start ends in up",
                             stops ? "write --wait=down" : "write --wait=up, or ready");
        if (options->words_count < verb->words_min && !options->all)
                return wrong(problem, verb->name, "names nothing", verb->missing);
        if (options->words_count > verb->words_max)
                return wrong(problem, options->words[verb->words_max], "is one argument too many", SEE_HELP);
        if (options->timeout_msec > LIMIT_WAIT_MSEC)
                return wrong(problem, "--timeout", "is longer than the broker waits", "10m is the most");
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
