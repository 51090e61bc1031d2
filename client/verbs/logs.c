/* SPDX-License-Identifier: ISC */
#include "client/verbs/logs.h"

#include <stdio.h>
#include <sys/resource.h>

#include <json-c/json.h>

#include "client/log/loglast.h"
#include "client/say/member.h"
#include "client/talk/names.h"
#include "client/talk/select.h"
#include "client/text/pattern.h"
#include "client/verbs/verb.h"

/* How many lines are shown when nobody says how many. */
#define LINES_SHOWN 50
#define LINES_BEFORE_FOLLOWING 10

/* What is said of lines that are not current: after the last of them, or before they are followed. */
#define OLDER "the lines in its directory are older; see the container's log, and 'svcctl why'"

/* Tells of the services whose lines do not reach their logs. */
static void tell_problems(struct logs *logs, struct json_object *services)
{
        fflush(stdout);
        for (size_t i = 0; i < json_object_array_length(services); i++) {
                struct json_object *service = json_object_array_get_idx(services, i);
                const char *problem = member_string(service, "log_problem");

                if (!problem)
                        continue;
                failure_print(member_string(service, "name"), problem, OLDER);
                logs->outcome = failure_worse(logs->outcome, OUTCOME_FAILED);
        }
}

static void show_all(struct logs *logs, size_t skip, size_t most)
{
        struct logmerge_entry entry;
        enum logmerge_turn turn;

        while (most > 0 && !ferror(stdout) && (turn = logmerge_next(logs->merge, &entry)) != LOGMERGE_END) {
                if (turn == LOGMERGE_BUSY)
                        continue;
                if (skip > 0) {
                        skip--;
                        continue;
                }
                loglines_show(&logs->lines, &entry);
                logs->shown = true;
                most--;
        }
}

/* Shows the last lines. If they are too many to be remembered, all lines are read twice: which are the last
 * is known when all are counted. */
static void show_last(struct logs *logs, size_t most)
{
        const struct logmerge_entry *kept;
        struct logmerge_entry entry;
        enum logmerge_turn turn;
        struct loglast last;

        loglast_init(&last, most);
        while (!ferror(stdout) && (turn = logmerge_next(logs->merge, &entry)) != LOGMERGE_END)
                if (turn == LOGMERGE_LINE)
                        loglast_take(&last, &entry);
        for (size_t i = 0; (kept = loglast_at(&last, i)) && !ferror(stdout); i++)
                loglines_show(&logs->lines, kept);
        logs->shown = last.total > 0;
        if (last.lost) {
                logmerge_rewind(logs->merge);
                show_all(logs, last.total > most ? last.total - most : 0, most);
        }
        loglast_deinit(&last);
}

static void show_what_there_is(struct logs *logs)
{
        const struct options *options = logs->options;
        bool filtered = options->grep || options->since_usec != OPTIONS_NO_SINCE ||
                        options->until_usec != OPTIONS_NO_UNTIL;
        size_t most = LINES_SHOWN;

        if (options->lines != OPTIONS_NO_LINES)
                most = (size_t)options->lines;
        else if (options->follow && options->since_usec == OPTIONS_NO_SINCE)
                most = LINES_BEFORE_FOLLOWING;
        else if (filtered)
                most = SIZE_MAX;
        if (!filtered)
                logmerge_keep_last(logs->merge, most);
        if (most == SIZE_MAX)
                show_all(logs, 0, most);
        else
                show_last(logs, most);
}

/* Allows more open files: many logs have many files, each of which must stay open, since others may replace
 * it. */
static void allow_files(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return;
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
}

static enum outcome show_services(struct logs *logs, struct session *session, struct json_object *services)
{
        const struct options *options = logs->options;

        for (size_t i = 0; i < json_object_array_length(services); i++)
                logs_add(logs, json_object_array_get_idx(services, i));
        if (logmerge_count(logs->merge) == 0 && logs->outcome != OUTCOME_DONE)
                return logs->outcome;
        if (options->follow)
                tell_problems(logs, services);
        show_what_there_is(logs);
        if (options->follow) {
                logmerge_go_on(logs->merge);
                logs_follow(logs, session);
                return logs->outcome;
        }
        tell_problems(logs, services);
        return options->grep && !logs->shown ? failure_worse(logs->outcome, OUTCOME_FAILED) : logs->outcome;
}

static enum outcome show(struct logs *logs, struct session *session, struct json_object *services)
{
        const struct options *options = logs->options;
        struct logfilter filter = {.since_usec = options->since_usec, .until_usec = options->until_usec};
        char problem[PATTERN_PROBLEM_BYTES];
        int result = 0;

        allow_files();
        logs->refused = json_object_new_object();
        loglines_init(&logs->lines);
        logs->lines.json = options->json;
        logs->lines.raw = options->raw;
        logs->lines.names = logs->several;
        if (options->grep && *options->grep)
                result = pattern_new(options->grep, &filter.pattern, problem);
        if (result == 0)
                result = logmerge_new(&filter, options->follow, logs_tell_loss, logs, &logs->merge);
        if (result == 0)
                logs->outcome = show_services(logs, session, services);
        else
                logs->outcome = session_broken(session, result);
        logmerge_free(logs->merge);
        json_object_put(logs->refused);
        pattern_free(filter.pattern);
        return logs->outcome;
}

static enum outcome show_one(struct session *session)
{
        struct logs logs = {.options = session->options};
        struct json_object *services;
        struct answer answer;
        enum outcome outcome = names_ask(session, session->options->words[0], &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        services = json_object_new_array();
        json_object_array_add(services, json_object_get(member_object(answer.parameters, "service")));
        outcome = show(&logs, session, services);
        json_object_put(services);
        answer_deinit(&answer);
        return outcome;
}

static enum outcome run(struct session *session)
{
        const struct options *options = session->options;
        struct logs logs = {.options = options, .several = true};
        struct json_object *services;
        enum outcome outcome;

        if (options->words_count == 1 && !select_is_asked(options))
                return show_one(session);
        outcome = select_services(session, &services);
        if (services)
                outcome = failure_worse(outcome, show(&logs, session, services));
        json_object_put(services);
        return outcome;
}

const struct verb verb_logs = {
        .name = "logs",
        .usage = "NAME... | --all",
        .summary = "show what gateways printed",
        .options = OPTIONS_SELECT | OPTION_ALL | OPTION_FOLLOW | OPTION_LINES | OPTION_SINCE | OPTION_UNTIL |
                   OPTION_GREP | OPTION_RAW,
        .words_min = 1,
        .patterns = true,
        .orders = true,
        .words_max = WORDS_ANY,
        .missing = "give NAMEs or --all",
        .run = run,
};
