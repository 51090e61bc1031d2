#include "client/grammar.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "client/text/suggest.h"

const struct option_row grammar_options[] = {
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

const size_t grammar_options_count = sizeof(grammar_options) / sizeof(grammar_options[0]);

#define OPTIONS_ORDER (OPTION_ALL | OPTION_WAIT | OPTION_NO_WAIT | OPTION_PROFILE)

const struct verb_row grammar_verbs[] = {
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

const size_t grammar_verbs_count = sizeof(grammar_verbs) / sizeof(grammar_verbs[0]);

enum options_result grammar_wrong(struct options_problem *problem, const char *subject, const char *what,
                                  const char *next)
{
        *problem = (struct options_problem){.subject = subject, .what = what, .next = next};
        return OPTIONS_WRONG;
}

const struct option_row *grammar_find_option(const char *argument, const char **value)
{
        size_t length = strcspn(argument, "=");

        *value = argument[length] ? argument + length + 1 : NULL;
        for (size_t i = 0; i < grammar_options_count; i++) {
                const char *name = grammar_options[i].name;

                if (strlen(name) == length && strncmp(name, argument, length) == 0)
                        return &grammar_options[i];
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

enum options_result grammar_unknown_option(const char *argument, struct options_problem *problem)
{
        struct suggestion suggestion;
        char name[SUGGEST_WORD_BYTES_MAX + 2]; /* a longer one stays too long */

        snprintf(name, sizeof(name), "%.*s", (int)strcspn(argument, "="), argument);
        suggest_init(&suggestion, name);
        for (size_t i = 0; i < grammar_options_count; i++) {
                if (grammar_options[i].name[1] == '-')
                        suggest_offer(&suggestion, grammar_options[i].name);
        }
        grammar_wrong(problem, argument, "unknown option", SEE_HELP);
        problem->meant = harmless(suggestion.nearest);
        return OPTIONS_WRONG;
}

enum options_result grammar_unknown_verb(const char *word, struct options_problem *problem)
{
        struct suggestion suggestion;

        suggest_init(&suggestion, word);
        for (size_t i = 0; i < grammar_verbs_count; i++)
                suggest_offer(&suggestion, grammar_verbs[i].name);
        grammar_wrong(problem, word, "unknown verb", SEE_HELP);
        problem->meant = harmless(suggestion.nearest);
        return OPTIONS_WRONG;
}
