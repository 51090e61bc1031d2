#ifndef CLIENT_GRAMMAR_H
#define CLIENT_GRAMMAR_H

#include <stddef.h>

#include "client/options.h"

/* The verbs and options that there are, and what is said of others. */

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

struct verb_row {
        const char *name;
        unsigned options; /* beside OPTIONS_ALWAYS */
        size_t words_min; /* --all stands for them */
        size_t words_max;
        const char *missing;
};

extern const struct option_row grammar_options[];
extern const size_t grammar_options_count;

/* By enum verb. */
extern const struct verb_row grammar_verbs[];
extern const size_t grammar_verbs_count;

#define SEE_HELP "see 'svcctl --help'"

/* OPTIONS_WRONG, with what is so in *problem. */
enum options_result grammar_wrong(struct options_problem *problem, const char *subject, const char *what,
                                  const char *next);
enum options_result grammar_unknown_option(const char *argument, struct options_problem *problem);
enum options_result grammar_unknown_verb(const char *word, struct options_problem *problem);

/* *value: behind the = of --name=value, else NULL. NULL: no such option. */
const struct option_row *grammar_find_option(const char *argument, const char **value);

#endif
