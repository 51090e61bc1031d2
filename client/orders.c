#include "client/verbs.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "client/document.h"
#include "client/member.h"
#include "client/names.h"
#include "client/options.h"
#include "client/session.h"
#include "client/show.h"
#include "proto/limits.h"

/* What the broker may take beyond the wait it was asked for. */
#define ANSWER_SLACK_MSEC 10000

static const char *order_method(enum verb verb)
{
        return verb == VERB_START ? "Start" : verb == VERB_STOP ? "Stop" : "Restart";
}

/* Each failed outcome a line on stderr, and so each order that could not be recorded. */
static enum outcome report_outcomes(struct json_object *outcomes)
{
        enum outcome worst = OUTCOME_DONE;

        for (size_t i = 0; i < json_object_array_length(outcomes); i++) {
                struct json_object *outcome = json_object_array_get_idx(outcomes, i);
                const char *name = member_string(outcome, "name");
                const char *error = member_string(outcome, "error");
                const char *persist_error = member_string(outcome, "persist_error");

                if (!name)
                        name = "unnamed";
                if (error)
                        worst = failure_worse(
                                worst,
                                failure_report(error, member_object(outcome, "error_parameters"), name));
                else if (!member_true(outcome, "persisted"))
                        failure_print(name, persist_error ? persist_error : "the order could not be recorded",
                                      "the order holds; it is recorded when that is mended");
        }
        return worst;
}

/* Shows the reply to an order or a reset. */
static enum outcome finish_order(struct session *session, struct answer *answer, const char *subject)
{
        struct json_object *outcomes = member_array(answer->parameters, "outcomes");
        enum outcome outcome;

        if (answer->error)
                return session_refused(session, answer, subject);
        if (session->options->json)
                document_write(answer->parameters);
        if (!outcomes)
                return OUTCOME_DONE;
        if (!session->options->json) {
                show_outcomes(outcomes, show_colour());
                if (json_object_array_length(outcomes) == 0)
                        puts("no gateways");
        }
        fflush(stdout); /* before the failures, where both go to one file */
        outcome = report_outcomes(outcomes);
        return outcome;
}

static enum outcome ask_and_finish(struct session *session, const char *method,
                                   struct json_object *parameters, int timeout_msec)
{
        const struct options *options = session->options;
        struct answer answer;
        enum outcome outcome = session_ask(session, method, parameters, timeout_msec, &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        outcome = finish_order(session, &answer,
                               options->words_count == 1 ? options->words[0]
                                                         : options_verb_name(options->verb));
        answer_deinit(&answer);
        return outcome;
}

enum outcome verb_order(struct session *session)
{
        const struct options *options = session->options;
        int patience_msec = session_patience(session);
        struct json_object *parameters;
        struct json_object *names = NULL;

        if (!options->all) {
                enum outcome outcome = names_resolve(session, &names);

                if (outcome != OUTCOME_DONE)
                        return outcome;
        }
        parameters = json_object_new_object();
        if (options->all)
                json_object_object_add(parameters, "all", json_object_new_boolean(true));
        else
                json_object_object_add(parameters, "names", names);
        if (!options->no_wait) {
                int wait_msec = options->timeout_msec == OPTIONS_NO_TIMEOUT ? DEFAULT_WAIT_MSEC
                                                                            : options->timeout_msec;

                json_object_object_add(parameters, "wait",
                                       json_object_new_string(options->verb == VERB_STOP ? "down" : "up"));
                json_object_object_add(parameters, "timeout_msec", json_object_new_int(wait_msec));
                patience_msec = wait_msec + ANSWER_SLACK_MSEC;
        }
        return ask_and_finish(session, order_method(options->verb), parameters, patience_msec);
}

enum outcome verb_reset(struct session *session)
{
        struct json_object *parameters;
        struct json_object *names;
        enum outcome outcome = names_resolve(session, &names);

        if (outcome != OUTCOME_DONE)
                return outcome;
        parameters = json_object_new_object();
        json_object_object_add(parameters, "names", names);
        return ask_and_finish(session, "Reset", parameters, session_patience(session));
}
