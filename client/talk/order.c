/* SPDX-License-Identifier: ISC */
#include "client/talk/order.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "client/lib/clock.h"
#include "client/lib/svcbroker.h"
#include "client/say/member.h"
#include "client/talk/dry_run.h"
#include "client/say/show.h"
#include "client/talk/names.h"
#include "client/talk/options.h"
#include "client/talk/select.h"
#include "client/talk/session.h"
#include "client/talk/waiting.h"
#include "client/text/document.h"
#include "proto/limits.h"
#include "proto/name.h"

/* How much longer than the wait it was asked for the broker may take. */
#define ANSWER_SLACK_MSEC 10000

/* How often an order is given at most, where brokers end during the wait. */
#define ORDER_TRIES_MAX 5

/* An order on its way: whom it is for, and until when its outcomes are waited for. */
struct giving {
        const struct order *order;
        struct json_object *names; /* NULL: all */
        const char *goal;          /* NULL: the order itself is all that is waited for */
        int kill_after_msec;       /* negative: nothing is killed */
        bool streamed;             /* the replies may come one by one */
        int64_t deadline_msec;
        struct json_object *held;   /* outcomes by name, shown in the order of names; NULL: as they come */
        size_t shown;               /* how many of the names were shown */
        struct json_object *absent; /* outcomes of names without a service, told at the end */
};

/* Returns the word of the command line that means the service, so that people are answered in their words. */
static const char *word_of(const struct options *options, const char *name)
{
        const char *profile = name_profile_of(name);

        for (size_t i = 0; profile && i < options->words_count; i++) {
                if (strcmp(options->words[i], profile) == 0)
                        return profile;
        }
        return name;
}

enum outcome order_report(struct json_object *outcome, const char *word)
{
        const char *name = member_string(outcome, "name"), *error = member_string(outcome, "error");
        const char *persist_error = member_string(outcome, "persist_error");

        if (error)
                return failure_report(error, member_object(outcome, "error_parameters"), word);
        if (!member_true(outcome, "persisted"))
                failure_print(name ? name : word,
                              persist_error ? persist_error : "the order could not be recorded",
                              "the order holds; it is recorded when that is mended");
        return OUTCOME_DONE;
}

/* Tells of one outcome. absent: takes the outcomes of names without a service, since the broker can be asked
 * what else may have been meant only when all replies are here. */
static enum outcome report_outcome(const struct options *options, struct json_object *outcome,
                                   struct json_object *absent)
{
        const char *name = member_string(outcome, "name"), *error = member_string(outcome, "error");

        if (error && names_is_absence(error)) {
                json_object_array_add(absent, json_object_get(outcome));
                return OUTCOME_NOT_REGISTERED;
        }
        return order_report(outcome, word_of(options, name ? name : "unnamed"));
}

static enum outcome report_absent(struct session *session, struct json_object *absent)
{
        for (size_t i = 0; i < json_object_array_length(absent); i++) {
                struct json_object *outcome = json_object_array_get_idx(absent, i);
                const char *name = member_string(outcome, "name");

                names_report_absent(session, member_string(outcome, "error"),
                                    member_object(outcome, "error_parameters"),
                                    word_of(session->options, name ? name : "unnamed"));
        }
        return json_object_array_length(absent) > 0 ? OUTCOME_NOT_REGISTERED : OUTCOME_DONE;
}

/* Returns the outcomes of a reply that were not told before: an order that is given again brings them once
 * more. once: each outcome passed here comes only once. */
static struct json_object *take_new(struct progress *progress, struct json_object *outcomes, bool once)
{
        struct json_object *fresh = json_object_new_array();

        for (size_t i = 0; i < json_object_array_length(outcomes); i++) {
                struct json_object *outcome = json_object_array_get_idx(outcomes, i);
                const char *name = member_string(outcome, "name");

                if (!name || progress_settle(progress, name) || once)
                        json_object_array_add(fresh, json_object_get(outcome));
        }
        return fresh;
}

static size_t longest_name(const struct progress *progress)
{
        size_t longest = 0;

        for (size_t i = 0; i < progress->count; i++) {
                size_t length = strnlen(progress->services[i].name, LIMIT_SERVICE_NAME_BYTES);

                longest = length > longest ? length : longest;
        }
        return longest;
}

/* Takes outcomes in, and returns those that can be shown. The services that patterns mean are shown in the
 * list's order, so an outcome waits for those before it. all: no more outcomes will come. */
static struct json_object *take_in_order(struct giving *giving, struct json_object *outcomes, bool all)
{
        struct json_object *ready = json_object_new_array(), *outcome;

        for (size_t i = 0; i < json_object_array_length(outcomes); i++) {
                const char *name = member_string(json_object_array_get_idx(outcomes, i), "name");

                if (name)
                        json_object_object_add(giving->held, name,
                                               json_object_get(json_object_array_get_idx(outcomes, i)));
        }
        for (; giving->shown < json_object_array_length(giving->names); giving->shown++) {
                struct json_object *name = json_object_array_get_idx(giving->names, giving->shown);

                outcome = member_object(giving->held, json_object_get_string(name));
                if (outcome)
                        json_object_array_add(ready, json_object_get(outcome));
                else if (!all)
                        break;
        }
        return ready;
}

static enum outcome show_outcomes_of(const struct giving *giving, struct waiting *waiting,
                                     struct json_object *parameters);

static enum outcome show_held(struct giving *giving, struct waiting *waiting, struct json_object *outcomes,
                              bool all)
{
        struct json_object *document = json_object_new_object();
        enum outcome worst = OUTCOME_DONE;

        json_object_object_add(document, "outcomes", take_in_order(giving, outcomes, all));
        if (json_object_array_length(member_array(document, "outcomes")) > 0)
                worst = show_outcomes_of(giving, waiting, document);
        json_object_put(document);
        return worst;
}

static enum outcome show_reply(struct giving *giving, struct waiting *waiting, struct json_object *parameters)
{
        struct json_object *outcomes = member_array(parameters, "outcomes");

        return giving->held && outcomes ? show_held(giving, waiting, outcomes, false)
                                        : show_outcomes_of(giving, waiting, parameters);
}

static enum outcome show_outcomes_of(const struct giving *giving, struct waiting *waiting,
                                     struct json_object *parameters)
{
        const struct options *options = waiting->session->options;
        struct progress *progress = &waiting->progress;
        struct json_object *outcomes = member_array(parameters, "outcomes");
        const char *unwaited = options->no_wait ? giving->order->word : NULL;
        struct json_object *fresh;
        enum outcome worst = OUTCOME_DONE;

        if (!outcomes)
                return OUTCOME_DONE;
        fresh = take_new(progress, outcomes, giving->held != NULL);
        if (options->json) {
                if (json_object_array_length(fresh) > 0 || json_object_array_length(outcomes) == 0)
                        document_write(parameters);
        } else {
                /* A table for each reply, all of which have one width of names, so that they line up. */
                show_outcomes(fresh, giving->order->signal ? giving->order->signal : unwaited,
                              longest_name(progress));
                if (json_object_array_length(outcomes) == 0 && progress->count == 0)
                        puts(progress->only_wanted ? "no gateway is wanted up" : "no gateways");
        }
        fflush(stdout); /* outcomes show as they come, and before the failures where both go to one file */
        for (size_t i = 0; i < json_object_array_length(fresh); i++)
                worst = failure_worse(
                        worst, report_outcome(options, json_object_array_get_idx(fresh, i), giving->absent));
        json_object_put(fresh);
        return worst;
}

static enum outcome queue_order(struct session *session, const struct giving *giving)
{
        struct json_object *parameters = json_object_new_object();

        if (giving->names)
                json_object_object_add(parameters, "names", json_object_get(giving->names));
        else
                json_object_object_add(parameters, "all", json_object_new_boolean(true));
        if (giving->order->signal)
                json_object_object_add(parameters, "signal", json_object_new_string(giving->order->signal));
        if (giving->kill_after_msec >= 0)
                json_object_object_add(parameters, "kill_after_msec",
                                       json_object_new_int(giving->kill_after_msec));
        if (giving->goal) {
                int64_t left_msec = giving->deadline_msec - clock_now_msec();

                json_object_object_add(parameters, "wait", json_object_new_string(giving->goal));
                json_object_object_add(parameters, "timeout_msec",
                                       json_object_new_int64(left_msec < 0 ? 0 : left_msec));
        }
        return session_queue(session, giving->order->method, parameters,
                             giving->streamed ? SVCBROKER_MORE : 0);
}

static enum outcome tell_interrupted(const struct waiting *waiting, const struct order *order)
{
        const char *first = progress_first(&waiting->progress);
        char next[LIMIT_SERVICE_NAME_BYTES + 80];
        bool one = progress_pending(&waiting->progress) == 1;

        snprintf(next, sizeof(next), "the order stands: 'svcctl status%s%.*s' shows how it goes",
                 one ? " " : "", LIMIT_SERVICE_NAME_BYTES, one ? first : "");
        if (waiting->session->options->json)
                document_write_error("interrupted", NULL);
        failure_print(one ? first : order->word, "interrupted while waiting", next);
        return OUTCOME_INTERRUPTED;
}

static enum outcome take_reply(struct giving *giving, struct waiting *waiting, const struct answer *answer)
{
        struct session *session = waiting->session;
        const struct options *options = session->options;
        const char *word = options->words_count == 1 ? options->words[0] : NULL;

        if (!answer->error)
                return show_reply(giving, waiting, answer->parameters);
        if (word && names_is_absent(answer))
                return names_refuse_absent(session, answer, word);
        return session_refused(session, answer, word ? word : giving->order->word);
}

/* Takes the replies to one order as they come. *result: 0 at their end, or why the connection ended. */
static enum outcome receive_replies(struct giving *giving, struct waiting *waiting, int *result)
{
        int64_t deadline_msec = giving->deadline_msec + (giving->goal ? ANSWER_SLACK_MSEC : 0);
        struct answer answer = {.continues = true};
        enum outcome worst = OUTCOME_DONE;

        while (answer.continues) {
                enum waited waited = waiting_receive(waiting, deadline_msec, &answer, result);

                waiting_clear(waiting);
                if (waited == WAITED_INTERRUPTED)
                        return tell_interrupted(waiting, giving->order);
                if (waited == WAITED_BROKEN)
                        return worst;
                worst = failure_worse(worst, take_reply(giving, waiting, &answer));
                answer_deinit(&answer);
        }
        return worst;
}

/*
 * Gives the order, and takes its replies. A broker that ends meanwhile is soon started again, and an order
 * may be given twice: so it is given again, for as long as the caller would wait. The broker records an order
 * before it answers, but perhaps the order never reached it.
 */
static enum outcome give(struct giving *giving, struct waiting *waiting)
{
        enum outcome worst = OUTCOME_DONE;
        int result = 0;

        for (int i = 0; i < ORDER_TRIES_MAX; i++) {
                enum outcome outcome = queue_order(waiting->session, giving);

                if (outcome != OUTCOME_DONE)
                        return outcome;
                worst = failure_worse(worst, receive_replies(giving, waiting, &result));
                if (result != -ECONNRESET || worst == OUTCOME_INTERRUPTED || !giving->goal)
                        break;
                if (!waiting->shown)
                        failure_print(waiting->session->options->socket,
                                      "the broker went away during the wait",
                                      "svcctl goes on as soon as the broker is back");
                switch (waiting_reconnect(waiting, giving->deadline_msec, &result)) {
                case WAITED_ANSWER:
                        result = -ECONNRESET;
                        break;
                case WAITED_INTERRUPTED:
                        waiting_clear(waiting);
                        return tell_interrupted(waiting, giving->order);
                case WAITED_BROKEN:
                        waiting_clear(waiting);
                        return failure_worse(worst, session_broken(waiting->session, result));
                }
        }
        waiting_clear(waiting);
        return result < 0 && worst != OUTCOME_INTERRUPTED
                       ? failure_worse(worst, session_broken(waiting->session, result))
                       : worst;
}

/* Tells that an order to all left some gateways alone, for people who expected otherwise. */
static void tell_left_alone(struct session *session)
{
        struct json_object *services;
        struct answer answer;
        size_t left = 0;

        if (!session_try(session, "List", NULL, "services", session_patience(session), &answer))
                return;
        services = member_array(answer.parameters, "services");
        for (size_t i = 0; services && i < json_object_array_length(services); i++) {
                struct json_object *service = json_object_array_get_idx(services, i);

                left += member_is(service, "kind", "gateway") && member_is(service, "want", "down");
        }
        answer_deinit(&answer);
        if (left == 1)
                puts("1 stopped gateway was left alone");
        else if (left > 1)
                printf("%zu stopped gateways were left alone\n", left);
}

static int64_t deadline_of(const struct session *session, const char *goal)
{
        int timeout_msec = session->options->timeout_msec,
            kill_after_msec = session->options->kill_after_msec;

        if (!goal)
                return clock_now_msec() + session_patience(session);
        if (timeout_msec == OPTIONS_NO_TIMEOUT) /* the end of what is killed after that is waited for, too */
                timeout_msec = DEFAULT_WAIT_MSEC + (kill_after_msec > 0 ? kill_after_msec : 0);
        return clock_now_msec() + (timeout_msec > LIMIT_WAIT_MSEC ? LIMIT_WAIT_MSEC : timeout_msec);
}

/* Ends an order: outcomes that were held back are shown, whatever they waited for. */
static enum outcome end_order(struct giving *giving, struct waiting *waiting, enum outcome outcome)
{
        struct json_object *none = json_object_new_array();

        if (giving->held)
                outcome = failure_worse(outcome, show_held(giving, waiting, none, true));
        json_object_put(none);
        json_object_put(giving->held);
        return outcome;
}

enum outcome order_run(struct session *session, const struct order *order)
{
        const struct options *options = session->options;
        struct giving giving = {.order = order,
                                .goal = options->no_wait ? NULL : order->goal,
                                .kill_after_msec = options->kill_after_msec};
        bool selected = select_is_asked(options), all = options->all && !selected;
        struct waiting waiting;
        enum outcome missing = all ? OUTCOME_DONE : names_resolve(session, &giving.names), outcome;

        if (!all && !giving.names)
                return missing;
        if (options->dry_run) {
                outcome = failure_worse(missing, dry_run(session, order, giving.names));
                json_object_put(giving.names);
                return outcome;
        }
        giving.streamed = order->goal && (all || json_object_array_length(giving.names) > 1);
        giving.deadline_msec = deadline_of(session, giving.goal);
        giving.absent = json_object_new_array();
        giving.held = selected ? json_object_new_object() : NULL;
        waiting_begin(&waiting, session, giving.names, !giving.goal);
        waiting.progress.only_wanted = order->only_wanted && all;
        waiting.progress.not_served = order->not_served;
        outcome = give(&giving, &waiting);
        outcome = end_order(&giving, &waiting, outcome);
        waiting_end(&waiting);
        if (order->only_wanted && all && !options->json && session->connection)
                tell_left_alone(session);
        if (session->connection)
                outcome = failure_worse(outcome, report_absent(session, giving.absent));
        json_object_put(giving.absent);
        json_object_put(giving.names);
        return failure_worse(outcome, missing);
}
