/* SPDX-License-Identifier: ISC */
#include "client/grammar.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/say/sort.h"
#include "client/say/state.h"
#include "client/text/digits.h"
#include "client/text/duration.h"
#include "client/text/moment.h"
#include "client/text/signals.h"
#include "client/text/suggest.h"
#include "client/verbs/verbs.h"

bool grammar_wrong(struct problem *problem, const char *subject, const char *what, const char *next)
{
        *problem = (struct problem){.subject = subject, .what = what, .next = next};
        return false;
}

bool grammar_is_goal(const char *word)
{
        return strcmp(word, "up") == 0 || strcmp(word, "ready") == 0 || strcmp(word, "down") == 0;
}

/* Takes any goal: which goals fit is known only with the verb. */
static bool take_wait(struct options *options, const char *value, struct problem *problem)
{
        if (value && !grammar_is_goal(value))
                return grammar_wrong(problem, value, "is not a state to wait for",
                                     "write --wait=up, ready or down");
        options->goal = value;
        return true;
}

static bool take_timeout(struct options *options, const char *value, struct problem *problem)
{
        return duration_parse(value, &options->timeout_msec) ||
               grammar_wrong(problem, value, "is not a length of time", "write it like 500ms, 30s or 2m");
}

static bool take_kill_after(struct options *options, const char *value, struct problem *problem)
{
        return duration_parse(value, &options->kill_after_msec) ||
               grammar_wrong(problem, value, "is not a length of time", "write it like 500ms, 30s or 2m");
}

static bool take_signal(struct options *options, const char *value, struct problem *problem)
{
        options->signal = signals_find(value);
        return options->signal || grammar_wrong(problem, value, "is not a signal that can be sent",
                                                "write one of " SIGNALS_KNOWN);
}

/* Takes a list of states, with commas between them. */
static bool take_states(struct options *options, const char *value, struct problem *problem)
{
        const char *word = value;

        for (;;) {
                size_t length = strcspn(word, ",");
                const struct state *state;
                size_t i = 0;

                while ((state = state_at(i)) &&
                       (strlen(state->name) != length || strncmp(state->name, word, length) != 0))
                        i++;
                if (!state)
                        return grammar_wrong(problem, value, "is not a list of states",
                                             "write it like --state up,backoff; 'svcctl list' shows states");
                options->states |= 1u << state->kind;
                if (!word[length])
                        return true;
                word += length + 1;
        }
}

static bool take_wanted(struct options *options, const char *value, struct problem *problem)
{
        options->wanted = value;
        return strcmp(value, "up") == 0 || strcmp(value, "down") == 0 ||
               grammar_wrong(problem, value, "is not what can be wanted",
                             "write --wanted up or --wanted down");
}

static bool take_for(struct options *options, const char *value, struct problem *problem)
{
        options->until = value;
        return grammar_is_goal(value) || strcmp(value, "failed") == 0 || strcmp(value, "gone") == 0 ||
               grammar_wrong(problem, value, "is not a state to wait for",
                             "write --for up, ready, down, failed or gone");
}

static bool take_sort(struct options *options, const char *value, struct problem *problem)
{
        options->sort = value;
        return sort_is_key(value) ||
               grammar_wrong(problem, value, "is nothing to sort by", "write one of " SORT_KEYS);
}

static bool take_lines(struct options *options, const char *value, struct problem *problem)
{
        return digits_parse(value, &options->lines) ||
               grammar_wrong(problem, value, "is not a number of lines", "write it like -n 100");
}

static bool take_since(struct options *options, const char *value, struct problem *problem)
{
        return moment_parse(value, time(NULL), &options->since_usec) ||
               grammar_wrong(problem, value, "is not a time",
                             "write it like 10m, 14:30, yesterday or '2026-11-22 14:30'");
}

static bool take_until(struct options *options, const char *value, struct problem *problem)
{
        return moment_parse(value, time(NULL), &options->until_usec) ||
               grammar_wrong(problem, value, "is not a time",
                             "write it like 10m, 14:30, yesterday or '2026-11-22 14:30'");
}

static bool take_grep(struct options *options, const char *value, struct problem *problem)
{
        struct pattern *pattern;
        char text[PATTERN_PROBLEM_BYTES] = "is too large";

        if (pattern_new(value, &pattern, text) < 0) {
                grammar_wrong(problem, value, problem->text, "write a POSIX extended regular expression");
                memcpy(problem->text, text, sizeof(text));
                return false;
        }
        pattern_free(pattern);
        options->grep = value;
        return true;
}

static bool take_environment(struct options *options, const char *value, struct problem *problem)
{
        if (!*value || *value == '=')
                return grammar_wrong(problem, "--env", "has no variable name", "write --env NAME=VALUE");
        options->environment[options->environment_count++] = value;
        return true;
}

static bool take_socket(struct options *options, const char *value, struct problem *problem)
{
        if (!*value)
                return grammar_wrong(problem, "--socket", "is empty", "give the path of the broker's socket");
        options->socket = value;
        return true;
}

#define FLAG(field) VALUE_NONE, .usage = "", .flag = offsetof(struct options, field)

const struct option_row grammar_options[] = {
        {OPTION_ALL, FLAG(all), .name = "--all", .summary = "", .costly = true},
        {OPTION_WAIT, VALUE_OPTIONAL, .name = "--wait", .usage = "[=STATE]", .take = take_wait,
         .summary = "start, stop, restart: for up, ready or down (default)"},
        {OPTION_NO_WAIT, FLAG(no_wait), .name = "--no-wait", .summary = "start, stop, restart: do not wait"},
        {OPTION_TIMEOUT, VALUE_NEEDED, .name = "--timeout", .usage = " TIME", .take = take_timeout,
         .summary = "how long to wait, like 500ms, 30s or 2m"},
        {OPTION_KILL_AFTER, VALUE_NEEDED, .name = "--kill-after", .usage = " TIME", .take = take_kill_after,
         .summary = "stop, restart: SIGKILL to what still runs then"},
        {OPTION_SIGNAL, VALUE_NEEDED, .letter = "-s", .name = "--signal", .usage = " SIG",
         .take = take_signal,
         .summary = "kill: HUP, INT, QUIT, KILL (default), TERM, USR1, USR2,\n"
                    "                      CONT, STOP or WINCH"},
        {OPTION_FOR, VALUE_NEEDED, .name = "--for", .usage = " GOAL", .take = take_for,
         .summary = "wait: up (default), ready, down, failed or gone"},
        {OPTION_PROFILE, FLAG(profile), .name = "--profile",
         .summary = "take each NAME for that of a profile"},
        {OPTION_STATE, VALUE_NEEDED, .name = "--state", .usage = " STATE", .take = take_states,
         .summary = "of these, what is in one of the STATEs"},
        {OPTION_WANTED, VALUE_NEEDED, .name = "--wanted", .usage = " up|down", .take = take_wanted,
         .summary = "of these, what is wanted so"},
        {OPTION_FOLLOW, FLAG(follow), .letter = "-f", .name = "--follow",
         .summary = "logs, history: go on as it comes, until interrupted"},
        {OPTION_LINES, VALUE_NEEDED, .letter = "-n", .name = "--lines", .usage = " N", .take = take_lines,
         .summary = "logs, history: show the last N (default 50; with -f, 10)"},
        {OPTION_SINCE, VALUE_NEEDED, .name = "--since", .usage = " TIME", .take = take_since,
         .summary = "logs, history: since then, like 10m or '2026-11-22 14:30'"},
        {OPTION_UNTIL, VALUE_NEEDED, .name = "--until", .usage = " TIME", .take = take_until,
         .summary = "logs: until then"},
        {OPTION_GREP, VALUE_NEEDED, .name = "--grep", .usage = " PATTERN", .take = take_grep,
         .summary = "logs: lines that match the extended regular expression"},
        {OPTION_RAW, FLAG(raw), .name = "--raw", .summary = "logs: print control characters and colours too"},
        {OPTION_WATCH, FLAG(watch), .name = "--watch", .summary = "status, list: the same as top"},
        {OPTION_USAGE, FLAG(usage), .name = "--usage",
         .summary = "list, status --json: with memory and processor"},
        {OPTION_PROMETHEUS, FLAG(prometheus), .name = "--prometheus",
         .summary = "metrics: in the text format before OpenMetrics"},
        {OPTION_NAMES, FLAG(names), .letter = "-q", .name = "--names", .summary = "list: print names only"},
        {OPTION_SORT, VALUE_NEEDED, .name = "--sort", .usage = " KEY", .take = take_sort,
         .summary = "list: by " SORT_KEYS},
        {OPTION_NO_HEADER, FLAG(no_header), .name = "--no-header", .summary = "list: only the services"},
        {OPTION_ENV, VALUE_NEEDED, .name = "--env", .usage = " NAME=VALUE", .take = take_environment,
         .summary = "register: set a variable of the gateway; repeatable"},
        {OPTION_NO_START, FLAG(no_start), .name = "--no-start", .summary = "register: leave it down"},
        {OPTION_DRY_RUN, FLAG(dry_run), .name = "--dry-run", .summary = "only say what would be done"},
        {OPTION_WITH_ENVIRONMENT, FLAG(with_environment), .name = "--with-environment",
         .summary = "export: and their variables, as the volume has them"},
        {OPTION_FAILURES, FLAG(failures), .name = "--failures",
         .summary = "watch: only what somebody should see to, and its end"},
        {OPTION_MORE, FLAG(more), .name = "--more", .summary = NULL},
        {OPTION_ONEWAY, FLAG(oneway), .name = "--oneway",
         .summary = "call: ask for a stream of replies, or for none"},
        {OPTION_JSON, FLAG(json), .name = "--json",
         .summary = "print JSON: one document, or one per line of a stream"},
        {OPTION_SOCKET, VALUE_NEEDED, .name = "--socket", .usage = " PATH", .take = take_socket,
         .summary = "the broker's socket (else $SVCBROKER_SOCKET, else\n"
                    "                      " SVCBROKER_SOCKET_PATH ")"},
        {OPTION_HELP, VALUE_NONE, .letter = "-h", .name = "--help", .usage = "",
         .summary = "print this text"},
        {OPTION_VERSION, VALUE_NONE, .letter = "-V", .name = "--version", .usage = "",
         .summary = "print the version"},
};

const size_t grammar_options_count = sizeof(grammar_options) / sizeof(grammar_options[0]);

static bool is_called(const char *name, const char *argument, size_t length)
{
        return name && strlen(name) == length && strncmp(name, argument, length) == 0;
}

const struct option_row *grammar_find_option(const char *argument, const char **name, const char **value)
{
        size_t length = strcspn(argument, "=");

        *value = argument[length] ? argument + length + 1 : NULL;
        for (size_t i = 0; i < grammar_options_count; i++) {
                const struct option_row *row = &grammar_options[i];

                *name = is_called(row->letter, argument, length) ? row->letter : row->name;
                if (is_called(*name, argument, length))
                        return row;
        }
        return NULL;
}

bool grammar_unknown_option(const char *argument, struct problem *problem)
{
        const struct option_row *nearest = NULL;
        struct suggestion suggestion;
        char name[SUGGEST_WORD_BYTES_MAX + 2]; /* a name that is too long stays too long */

        snprintf(name, sizeof(name), "%.*s", (int)strcspn(argument, "="), argument);
        suggest_init(&suggestion, name);
        for (size_t i = 0; i < grammar_options_count; i++) {
                suggest_offer(&suggestion, grammar_options[i].name);
                if (suggestion.nearest == grammar_options[i].name)
                        nearest = &grammar_options[i];
        }
        grammar_wrong(problem, argument, "unknown option", SEE_HELP);
        problem->meant = nearest && !nearest->costly ? nearest->name : NULL;
        return false;
}

bool grammar_unknown_verb(const char *word, struct problem *problem)
{
        const struct verb *nearest = NULL;
        struct suggestion suggestion;

        suggest_init(&suggestion, word);
        for (size_t i = 0; verbs[i]; i++) {
                suggest_offer(&suggestion, verbs[i]->name);
                if (suggestion.nearest == verbs[i]->name)
                        nearest = verbs[i];
        }
        grammar_wrong(problem, word, "unknown verb", SEE_HELP);
        problem->meant = nearest && !nearest->costly ? nearest->name : NULL;
        return false;
}
