#include "client/options.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/duration.h"
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
};

#define OPTIONS_ALWAYS (OPTION_HELP | OPTION_VERSION | OPTION_JSON | OPTION_SOCKET | OPTION_TIMEOUT)

struct option_row {
        const char *name;
        enum option option;
        bool value;
};

static const struct option_row option_rows[] = {
        {"-h", OPTION_HELP, false},
        {"--help", OPTION_HELP, false},
        {"-V", OPTION_VERSION, false},
        {"--version", OPTION_VERSION, false},
        {"--json", OPTION_JSON, false},
        {"--socket", OPTION_SOCKET, true},
        {"--timeout", OPTION_TIMEOUT, true},
        {"--all", OPTION_ALL, false},
        {"--no-wait", OPTION_NO_WAIT, false},
        {"--env", OPTION_ENV, true},
        {"--no-start", OPTION_NO_START, false},
        {"--dry-run", OPTION_DRY_RUN, false},
        {"--more", OPTION_MORE, false},
        {"--oneway", OPTION_ONEWAY, false},
};

struct verb_row {
        const char *name;
        unsigned options; /* beside OPTIONS_ALWAYS */
        size_t words_min; /* --all stands for them */
        size_t words_max;
        const char *missing;
};

static const struct verb_row verb_rows[] = {
        [VERB_START] = {"start", OPTION_ALL | OPTION_NO_WAIT, 1, SIZE_MAX, "give NAMEs or --all"},
        [VERB_STOP] = {"stop", OPTION_ALL | OPTION_NO_WAIT, 1, SIZE_MAX, "give NAMEs or --all"},
        [VERB_RESTART] = {"restart", OPTION_ALL | OPTION_NO_WAIT, 1, SIZE_MAX, "give NAMEs or --all"},
        [VERB_STATUS] = {"status", 0, 0, 1, NULL},
        [VERB_LIST] = {"list", 0, 0, 0, NULL},
        [VERB_REGISTER] = {"register", OPTION_ENV | OPTION_NO_START, 1, 1, "give a PROFILE"},
        [VERB_UNREGISTER] = {"unregister", 0, 1, 1, "give a PROFILE"},
        [VERB_WATCH] = {"watch", 0, 0, SIZE_MAX, NULL},
        [VERB_RESET] = {"reset", 0, 1, SIZE_MAX, "give NAMEs"},
        [VERB_HEALTH] = {"health", 0, 0, 0, NULL},
        [VERB_RECONCILE] = {"reconcile", OPTION_DRY_RUN, 0, 0, NULL},
        [VERB_DOCTOR] = {"doctor", 0, 0, 0, NULL},
        [VERB_CALL] = {"call", OPTION_MORE | OPTION_ONEWAY, 1, 2,
                       "give a METHOD, like List or org.varlink.service.GetInfo"},
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
                if (strlen(option_rows[i].name) == length &&
                    strncmp(option_rows[i].name, argument, length) == 0)
                        return &option_rows[i];
        }
        return NULL;
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
        } else if (!duration_parse(value, &options->timeout_msec)) {
                return wrong(problem, value, "is no length of time", "write it like 500ms, 30s or 2m");
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
        case OPTION_SOCKET:
        case OPTION_TIMEOUT:
        case OPTION_ENV:
                return apply_value(options, row, value, problem);
        }
        return OPTIONS_OK;
}

/* Options into their fields, all else into words, the verb first. given: the options seen, as a set. */
static enum options_result sort_arguments(int argc, char *const *argv, struct options *options,
                                          unsigned *given, struct options_problem *problem)
{
        bool options_end = false;

        for (int i = 1; i < argc; i++) {
                const struct option_row *row;
                const char *value;
                enum options_result result;

                if (!options_end && strcmp(argv[i], "--") == 0) {
                        options_end = true;
                        continue;
                }
                if (options_end || argv[i][0] != '-' || argv[i][1] == '\0') {
                        options->words[options->words_count++] = argv[i];
                        continue;
                }
                row = find_option(argv[i], &value);
                if (!row)
                        return wrong(problem, argv[i], "unknown option", SEE_HELP);
                if (value && !row->value)
                        return wrong(problem, row->name, "takes no value", SEE_HELP);
                if (row->value && !value) {
                        if (++i == argc)
                                return wrong(problem, row->name, "needs a value", SEE_HELP);
                        value = argv[i];
                }
                result = apply(options, row, value, problem);
                if (result != OPTIONS_OK)
                        return result;
                *given |= row->option;
        }
        return OPTIONS_OK;
}

static enum options_result take_verb(struct options *options, struct options_problem *problem)
{
        if (options->words_count == 0)
                return wrong(problem, "verb", "missing", SEE_HELP);
        for (size_t i = 0; i < VERBS; i++) {
                if (strcmp(verb_rows[i].name, options->words[0]) != 0)
                        continue;
                options->verb = (enum verb)i;
                options->words_count--;
                memmove(options->words, options->words + 1, options->words_count * sizeof(*options->words));
                return OPTIONS_OK;
        }
        return wrong(problem, options->words[0], "unknown verb", SEE_HELP);
}

static enum options_result check_verb(const struct options *options, unsigned given,
                                      struct options_problem *problem)
{
        const struct verb_row *verb = &verb_rows[options->verb];
        unsigned refused = given & ~(OPTIONS_ALWAYS | verb->options);

        for (size_t i = 0; i < OPTION_ROWS; i++) {
                if (option_rows[i].option & refused)
                        return wrong(problem, option_rows[i].name, "does not go with this verb", SEE_HELP);
        }
        if (options->all && options->words_count > 0)
                return wrong(problem, "--all", "does not go with names", "leave one of them out");
        if (options->more && options->oneway)
                return wrong(problem, "--more", "does not go with --oneway", "leave one of them out");
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
        struct options made = {.timeout_msec = OPTIONS_NO_TIMEOUT, .socket = SVCBROKER_SOCKET_PATH};
        enum options_result result;
        unsigned given = 0;

        if (environment_socket && *environment_socket)
                made.socket = environment_socket;
        made.words = calloc((size_t)argc + 1, sizeof(*made.words));
        made.environment = calloc((size_t)argc + 1, sizeof(*made.environment));
        if (!made.words || !made.environment) {
                options_deinit(&made);
                return OPTIONS_MEMORY;
        }
        result = sort_arguments(argc, argv, &made, &given, problem);
        if (result == OPTIONS_OK)
                result = take_verb(&made, problem);
        if (result == OPTIONS_OK)
                result = check_verb(&made, given, problem);
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
