/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/talk/names.h"
#include "client/talk/order.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/text/tint.h"
#include "client/verbs/alone.h"
#include "client/verbs/intents.h"
#include "client/verbs/verb.h"
#include "proto/limits.h"
#include "proto/name.h"

static struct json_object *register_parameters(struct json_object *entry)
{
        struct json_object *parameters = json_object_new_object();
        struct json_object *environment = member_object(entry, "environment");

        json_object_object_add(parameters, "profile",
                               json_object_get(json_object_object_get(entry, "profile")));
        json_object_object_add(parameters, "start", json_object_new_boolean(member_is(entry, "want", "up")));
        if (environment)
                json_object_object_add(parameters, "environment", json_object_get(environment));
        return parameters;
}

/* Tells of an error without a document of --json, since there is one for all calls, at the end. */
static enum outcome refuse(struct answer *answer, const char *profile)
{
        enum outcome outcome = failure_report(answer->error, answer->parameters, profile);

        answer_deinit(answer);
        return outcome;
}

/* Makes a call, whose answer may be an error. answer_deinit() is due only after OUTCOME_DONE. */
static enum outcome call(struct session *session, const char *method, struct json_object *parameters,
                         struct answer *answer)
{
        enum outcome outcome = session_queue(session, method, parameters, 0);

        return outcome == OUTCOME_DONE ? session_receive(session, session_patience(session), answer)
                                       : outcome;
}

/* Makes a call, and tells of an error. answer_deinit() is due only after OUTCOME_DONE. */
static enum outcome ask(struct session *session, const char *method, struct json_object *parameters,
                        const char *profile, struct answer *answer)
{
        enum outcome outcome = call(session, method, parameters, answer);

        return outcome == OUTCOME_DONE && answer->error ? refuse(answer, profile) : outcome;
}

/* Tells of all outcomes as start and stop do. What was printed comes first where both go to one file. */
static enum outcome report(struct json_object *outcomes, const char *profile)
{
        enum outcome worst = OUTCOME_DONE;

        fflush(stdout);
        for (size_t i = 0; outcomes && i < json_object_array_length(outcomes); i++)
                worst = failure_worse(worst, order_report(json_object_array_get_idx(outcomes, i), profile));
        return worst;
}

/* Gives the order for what is wanted of a gateway that was there already. */
static enum outcome order(struct session *session, struct json_object *entry)
{
        const char *profile = member_string(entry, "profile");
        struct json_object *parameters = json_object_new_object(), *names = json_object_new_array();
        struct answer answer;
        enum outcome outcome;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        name_service_of(profile, name, sizeof(name));
        json_object_array_add(names, json_object_new_string(name));
        json_object_object_add(parameters, "names", names);
        outcome =
                ask(session, member_is(entry, "want", "up") ? "Start" : "Stop", parameters, profile, &answer);
        if (outcome != OUTCOME_DONE)
                return outcome;
        outcome = report(member_array(answer.parameters, "outcomes"), profile);
        answer_deinit(&answer);
        return outcome;
}

static enum outcome import(struct session *session, struct json_object *entry, const char **action)
{
        const char *profile = member_string(entry, "profile");
        struct answer answer;
        bool created;
        enum outcome outcome = ask(session, "Register", register_parameters(entry), profile, &answer);

        *action = "refuse";
        if (outcome != OUTCOME_DONE)
                return outcome;
        created = member_true(answer.parameters, "created");
        verb_tell_unpersisted(answer.parameters, profile,
                              "it is registered, which is recorded when that is mended");
        answer_deinit(&answer);
        if (!created)
                outcome = order(session, entry);
        if (outcome == OUTCOME_DONE)
                *action = created ? "register" : member_is(entry, "want", "up") ? "start" : "stop";
        return outcome;
}

static void tell(struct json_object *done, struct json_object *entry, const char *action, bool would,
                 bool json)
{
        struct json_object *told = json_object_new_object();
        const char *profile = member_string(entry, "profile");

        json_object_object_add(told, "profile", json_object_new_string(profile));
        json_object_object_add(told, "want", json_object_get(json_object_object_get(entry, "want")));
        json_object_object_add(told, "action", json_object_new_string(action));
        json_object_array_add(done, told);
        if (json)
                return;
        tint_print(stdout, profile, look_printable(), TINT_PLAIN, false);
        printf("  %s%s, wanted %s\n", would ? "would " : "", action, member_string(entry, "want"));
}

/* Works out what import would do with an entry, by asking Status whether the gateway is there. */
static enum outcome foresee(struct session *session, struct json_object *entry, const char **action)
{
        const char *profile = member_string(entry, "profile");
        struct json_object *parameters;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        struct answer answer;
        enum outcome outcome;

        if (name_check_profile(profile) != NAME_OK) {
                failure_print(profile, name_result_text(name_check_profile(profile)),
                              "give a profile like coder");
                return OUTCOME_FAILED;
        }
        name_service_of(profile, name, sizeof(name));
        parameters = json_object_new_object();
        json_object_object_add(parameters, "name", json_object_new_string(name));
        outcome = call(session, "Status", parameters, &answer);
        if (outcome != OUTCOME_DONE)
                return outcome;
        if (answer.error && !names_is_absent(&answer))
                return refuse(&answer, profile);
        *action = answer.error ? "register" : member_is(entry, "want", "up") ? "start" : "stop";
        answer_deinit(&answer);
        return OUTCOME_DONE;
}

static enum outcome run(struct session *session)
{
        const struct options *options = session->options;
        struct json_object *document, *gateways, *done, *told, *created = json_object_new_array();
        enum outcome worst = intents_read(options->words[0], &document);

        if (worst == OUTCOME_FAILED && options->json)
                document_write_error("failed", NULL);
        if (worst != OUTCOME_DONE) {
                json_object_put(created);
                return worst;
        }
        gateways = member_array(document, "gateways");
        told = json_object_new_object();
        done = json_object_new_array();
        json_object_object_add(told, options->dry_run ? "would" : "done", done);
        for (size_t i = 0; i < json_object_array_length(gateways) && session->connection; i++) {
                struct json_object *entry = json_object_array_get_idx(gateways, i);
                const char *action = "refuse";

                worst = failure_worse(worst, options->dry_run ? foresee(session, entry, &action)
                                                              : import(session, entry, &action));
                tell(done, entry, action, options->dry_run, options->json);
                if (!options->dry_run && strcmp(action, "register") == 0)
                        json_object_array_add(created,
                                              json_object_get(json_object_object_get(entry, "profile")));
        }
        if (options->json)
                document_write(told);
        else if (session->connection)
                alone_tell(session, created);
        json_object_put(created);
        json_object_put(told);
        json_object_put(document);
        return worst;
}

const struct verb verb_import = {
        .name = "import",
        .usage = "FILE",
        .summary = "make gateways wanted as export printed it",
        .options = OPTION_DRY_RUN,
        .words_min = 1,
        .words_max = 1,
        .missing = "give a FILE, or -",
        .run = run,
};
