#include "client/verbs/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "client/text/document.h"
#include "client/terminal/look.h"
#include "client/say/member.h"
#include "client/talk/names.h"
#include "client/options.h"
#include "client/talk/session.h"
#include "client/say/show.h"
#include "client/lib/svcbroker.h"
#include "client/talk/waiting.h"
#include "proto/limits.h"
#include "proto/name.h"

/* What the broker may take beyond the wait it was asked for. */
#define ANSWER_SLACK_MSEC 10000

/* How often an order is given, to brokers that end while it is waited for. */
#define ORDER_TRIES_MAX 5

static const char *order_method(enum verb verb)
{
        return verb == VERB_START ? "Start" : verb == VERB_STOP ? "Stop" : "Restart";
}

/* The word of the command line that means the service, so that people are answered in their own. */
static const char *word_of(const struct options *options, const char *name)
{
        const char *profile = name_profile_of(name);

        for (size_t i = 0; profile && i < options->words_count; i++) {
                if (strcmp(options->words[i], profile) == 0)
                        return profile;
        }
        return name;
}

static bool is_absence(const char *error)
{
        return strcmp(error, ERROR_NO_SUCH_SERVICE) == 0 || strcmp(error, ERROR_NOT_REGISTERED) == 0;
}

/* A failed outcome is a line on stderr, and so is an order that could not be recorded. absent: takes the
 * outcomes of names that there are not, which are told of at the end, when the broker can be asked again. */
static enum outcome report_outcome(const struct options *options, struct json_object *outcome,
                                   struct json_object *absent)
{
        const char *name = member_string(outcome, "name");
        const char *error = member_string(outcome, "error");
        const char *persist_error = member_string(outcome, "persist_error");

        if (!name)
                name = "unnamed";
        if (error && is_absence(error)) {
                json_object_array_add(absent, json_object_get(outcome));
                return OUTCOME_NOT_REGISTERED;
        }
        if (error)
                return failure_report(error, member_object(outcome, "error_parameters"),
                                      word_of(options, name));
        if (!member_true(outcome, "persisted"))
                failure_print(name, persist_error ? persist_error : "the order could not be recorded",
                              "the order holds; it is recorded when that is mended");
        return OUTCOME_DONE;
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

/* Those of a reply that were not told of before, which an order that is given again says once more. */
static struct json_object *take_new(struct progress *progress, struct json_object *outcomes)
{
        struct json_object *fresh = json_object_new_array();

        for (size_t i = 0; i < json_object_array_length(outcomes); i++) {
                struct json_object *outcome = json_object_array_get_idx(outcomes, i);
                const char *name = member_string(outcome, "name");

                if (!name || progress_settle(progress, name))
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

/* Each reply is a table of its own: the names are made as wide as the longest of all, or as there is room for, for the next to
 * line up. */
static struct json_object *pad_names(struct json_object *outcomes, size_t width)
{
        struct json_object *padded = json_object_new_array();
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        for (size_t i = 0; i < json_object_array_length(outcomes); i++) {
                struct json_object *outcome = json_object_array_get_idx(outcomes, i);
                struct json_object *copy = json_object_new_object();
                const char *plain = member_string(outcome, "name");

                snprintf(name, sizeof(name), "%-*s", (int)width, plain ? plain : "unnamed");
                json_object_object_foreach(outcome, key, value)
                        json_object_object_add(copy, key, json_object_get(value));
                json_object_object_add(copy, "name", json_object_new_string(name));
                json_object_array_add(padded, copy);
        }
        return padded;
}

static void show_table(const struct options *options, const struct progress *progress,
                       struct json_object *outcomes)
{
        size_t columns = show_name_columns(longest_name(progress));
        struct json_object *padded = pad_names(outcomes, columns);

        show_outcomes(padded, options->no_wait ? options_verb_name(options->verb) : NULL, columns, look_colour());
        json_object_put(padded);
}

static enum outcome show_reply(const struct options *options, struct progress *progress,
                               struct json_object *parameters, struct json_object *absent)
{
        struct json_object *outcomes = member_array(parameters, "outcomes");
        struct json_object *fresh;
        enum outcome worst = OUTCOME_DONE;

        if (!outcomes)
                return OUTCOME_DONE;
        fresh = take_new(progress, outcomes);
        if (options->json) {
                if (json_object_array_length(fresh) > 0 || json_object_array_length(outcomes) == 0)
                        document_write(parameters);
        } else {
                show_table(options, progress, fresh);
                if (json_object_array_length(outcomes) == 0 && progress->count == 0)
                        puts(progress->only_wanted ? "no gateway is wanted up" : "no gateways");
        }
        fflush(stdout); /* as it happens, and before the failures, where both go to one file */
        for (size_t i = 0; i < json_object_array_length(fresh); i++)
                worst = failure_worse(worst,
                                      report_outcome(options, json_object_array_get_idx(fresh, i), absent));
        json_object_put(fresh);
        return worst;
}

/* What is ordered, and until when it is waited for. */
struct order {
        const char *method;
        struct json_object *names; /* NULL: all */
        const char *goal;          /* NULL: the order itself is all that is waited for */
        bool several;
        int64_t deadline_msec;
};

static enum outcome queue_order(struct session *session, const struct order *order)
{
        struct json_object *parameters = json_object_new_object();

        if (order->names)
                json_object_object_add(parameters, "names", json_object_get(order->names));
        else
                json_object_object_add(parameters, "all", json_object_new_boolean(true));
        if (order->goal) {
                int64_t left_msec = order->deadline_msec - waiting_now_msec();

                json_object_object_add(parameters, "wait", json_object_new_string(order->goal));
                json_object_object_add(parameters, "timeout_msec",
                                       json_object_new_int64(left_msec < 0 ? 0 : left_msec));
        }
        return session_queue(session, order->method, parameters, order->several ? SVCBROKER_MORE : 0);
}

static enum outcome tell_interrupted(const struct session *session, const struct waiting *waiting)
{
        const char *first = progress_first(&waiting->progress);
        char next[LIMIT_SERVICE_NAME_BYTES + 80];
        bool one = progress_pending(&waiting->progress) == 1;

        snprintf(next, sizeof(next), "the order stands: 'svcctl status%s%.*s' shows how it goes",
                 one ? " " : "", LIMIT_SERVICE_NAME_BYTES, one ? first : "");
        if (session->options->json)
                document_write_error("interrupted", NULL);
        failure_print(one ? first : options_verb_name(session->options->verb),
                      "interrupted while waiting", next);
        return OUTCOME_INTERRUPTED;
}

/* The replies to one order as they come. *result: 0 at their end, or what ended the connection. */
static enum outcome receive_replies(struct waiting *waiting, const struct order *order,
                                    struct json_object *absent, int *result)
{
        struct session *session = waiting->session;
        const struct options *options = session->options;
        struct answer answer = {.continues = true};
        enum outcome worst = OUTCOME_DONE;

        while (answer.continues) {
                enum waited waited =
                        waiting_receive(waiting, order->deadline_msec + (order->goal ? ANSWER_SLACK_MSEC : 0),
                                        &answer, result);
                enum outcome outcome;

                waiting_clear(waiting);
                if (waited == WAITED_INTERRUPTED)
                        return tell_interrupted(session, waiting);
                if (waited == WAITED_BROKEN)
                        return worst;
                if (!answer.error)
                        outcome = show_reply(options, &waiting->progress, answer.parameters, absent);
                else if (names_is_absent(&answer) && options->words_count == 1)
                        outcome = names_refuse_absent(session, &answer, options->words[0]);
                else
                        outcome =
                                session_refused(session, &answer,
                                                options->words_count == 1 ? options->words[0]
                                                                          : options_verb_name(options->verb));
                worst = failure_worse(worst, outcome);
                answer_deinit(&answer);
        }
        return worst;
}

/*
 * A broker that ends while it is waited for is soon started again, and an order may be given twice: so it is,
 * for as long as the caller would wait. It was recorded before it was answered, but perhaps it never got
 * there.
 */
static enum outcome run_order(struct waiting *waiting, const struct order *order, struct json_object *absent)
{
        enum outcome worst = OUTCOME_DONE;
        int result = 0;

        for (int i = 0; i < ORDER_TRIES_MAX; i++) {
                enum outcome outcome = queue_order(waiting->session, order);

                if (outcome != OUTCOME_DONE)
                        return outcome;
                worst = failure_worse(worst, receive_replies(waiting, order, absent, &result));
                if (result != -ECONNRESET || worst == OUTCOME_INTERRUPTED || !order->goal)
                        break;
                if (!waiting->shown)
                        failure_print(waiting->session->options->socket,
                                      "the broker went away during the wait",
                                      "svcctl goes on as soon as the broker is back");
                switch (waiting_reconnect(waiting, order->deadline_msec, &result)) {
                case WAITED_ANSWER:
                        result = -ECONNRESET;
                        break;
                case WAITED_INTERRUPTED:
                        waiting_clear(waiting);
                        return tell_interrupted(waiting->session, waiting);
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

/* A restart of all is about those that are to run: that it left others alone is worth a line, for who expected it otherwise. */
static void tell_left_alone(struct session *session)
{
        struct json_object *services;
        struct answer answer;
        size_t left = 0;

        if (!session_try(session, "List", NULL, "services", session_patience(session), &answer))
                return;
        services = answer.error ? NULL : member_array(answer.parameters, "services");
        for (size_t i = 0; services && i < json_object_array_length(services); i++) {
                struct json_object *service = json_object_array_get_idx(services, i);
                const char *kind = member_string(service, "kind"), *want = member_string(service, "want");

                left += kind && want && !strcmp(kind, "gateway") && !strcmp(want, "down");
        }
        answer_deinit(&answer);
        if (left == 1)
                puts("1 stopped gateway was left alone");
        else if (left)
                printf("%zu stopped gateways were left alone\n", left);
}

enum outcome verb_order(struct session *session)
{
        const struct options *options = session->options;
        struct json_object *absent;
        struct order order = {.method = order_method(options->verb)};
        bool some = options->all && options->verb == VERB_RESTART; /* not those that are stopped */
        struct waiting waiting;
        enum outcome outcome = options->all ? OUTCOME_DONE : names_resolve(session, &order.names);

        if (outcome != OUTCOME_DONE)
                return outcome;
        order.several = options->all || json_object_array_length(order.names) > 1;
        order.deadline_msec = waiting_now_msec() + session_patience(session);
        if (!options->no_wait) {
                order.goal = options->verb == VERB_STOP ? "down" : "up";
                order.deadline_msec = waiting_now_msec() + (options->timeout_msec == OPTIONS_NO_TIMEOUT
                                                                    ? DEFAULT_WAIT_MSEC
                                                                    : options->timeout_msec);
        }
        absent = json_object_new_array();
        waiting_begin(&waiting, session, order.names, options->no_wait);
        waiting.progress.only_wanted = some;
        waiting.progress.not_served = options->verb != VERB_STOP;
        outcome = run_order(&waiting, &order, absent);
        waiting_end(&waiting);
        if (some && !options->json && session->connection)
                tell_left_alone(session);
        if (session->connection)
                outcome = failure_worse(outcome, report_absent(session, absent));
        json_object_put(absent);
        json_object_put(order.names);
        return outcome;
}

enum outcome verb_reset(struct session *session)
{
        struct json_object *absent = json_object_new_array();
        struct order order = {.method = "Reset"};
        struct waiting waiting;
        enum outcome outcome = names_resolve(session, &order.names);

        if (outcome == OUTCOME_DONE) {
                order.deadline_msec = waiting_now_msec() + session_patience(session);
                waiting_begin(&waiting, session, order.names, true);
                outcome = run_order(&waiting, &order, absent);
                waiting_end(&waiting);
        }
        if (session->connection)
                outcome = failure_worse(outcome, report_absent(session, absent));
        json_object_put(absent);
        json_object_put(order.names);
        return outcome;
}
