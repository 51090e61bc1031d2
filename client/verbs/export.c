/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/talk/select.h"
#include "client/text/document.h"
#include "client/verbs/intents.h"
#include "client/verbs/verb.h"

static enum outcome gather(struct session *session, struct json_object **services)
{
        struct answer answer;
        enum outcome outcome;

        if (session->options->words_count > 0 || select_is_asked(session->options))
                return select_services(session, services);
        *services = NULL;
        outcome = session_gather(session, "List", NULL, "services", "export", &answer);
        if (outcome != OUTCOME_DONE)
                return outcome;
        *services = json_object_get(member_array(answer.parameters, "services"));
        answer_deinit(&answer);
        return outcome;
}

static enum outcome add(const struct options *options, struct json_object *gateways,
                        struct json_object *service)
{
        const char *profile = member_string(service, "profile"), *want = member_string(service, "want");
        bool with_environment = options->with_environment;
        struct json_object *entry, *environment = NULL;
        enum outcome outcome = OUTCOME_DONE;

        if (!profile && options->words_count > 0) {
                failure_print(member_string(service, "name"), "is a static service, and no gateway",
                              "only what is wanted of gateways can be exported");
                return OUTCOME_FAILED;
        }
        if (!profile || !want)
                return OUTCOME_DONE;
        if (with_environment)
                outcome = intents_environment(service, &environment);
        entry = json_object_new_object();
        json_object_object_add(entry, "profile", json_object_new_string(profile));
        json_object_object_add(entry, "want", json_object_new_string(want));
        if (with_environment && outcome == OUTCOME_DONE && !environment)
                environment = json_object_new_object(); /* import is to restore that there are none, too */
        if (environment)
                json_object_object_add(entry, "environment", environment);
        json_object_array_add(gateways, entry);
        return outcome;
}

static enum outcome run(struct session *session)
{
        struct json_object *services, *document, *gateways;
        enum outcome outcome = gather(session, &services);

        if (!services)
                return outcome;
        document = json_object_new_object();
        gateways = json_object_new_array();
        json_object_object_add(document, "version", json_object_new_int(INTENTS_VERSION));
        json_object_object_add(document, "gateways", gateways);
        for (size_t i = 0; i < json_object_array_length(services); i++)
                outcome = failure_worse(
                        outcome, add(session->options, gateways, json_object_array_get_idx(services, i)));
        if (session->options->json)
                document_write(document);
        else
                document_write_pretty(document);
        json_object_put(document);
        json_object_put(services);
        return outcome;
}

const struct verb verb_export = {
        .name = "export",
        .usage = "[NAME]...",
        .summary = "print what is wanted of gateways, for import",
        .options = OPTIONS_SELECT | OPTION_WITH_ENVIRONMENT,
        .patterns = true,
        .orders = true,
        .words_max = WORDS_ANY,
        .run = run,
};
