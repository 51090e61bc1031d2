/* SPDX-License-Identifier: ISC */
#include "client/verbs/foretell.h"

#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/say/show.h"
#include "client/talk/names.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/text/tint.h"
#include "proto/name.h"

static void show(const char *profile, const char *action, struct json_object *service)
{
        const char *state = show_state(service);

        tint_print(stdout, profile, look_printable(), TINT_PLAIN, false);
        printf(": would %s, now %s\n", action, state ? state : "not registered");
}

static void write_json(const char *name, const char *action, struct json_object *service)
{
        struct json_object *document = json_object_new_object(), *would = json_object_new_array();
        struct json_object *entry = json_object_new_object();

        json_object_object_add(entry, "name", json_object_new_string(name));
        json_object_object_add(entry, "action", json_object_new_string(action));
        if (service)
                json_object_object_add(entry, "service", json_object_get(service));
        json_object_array_add(would, entry);
        json_object_object_add(document, "would", would);
        document_write(document);
        json_object_put(document);
}

enum outcome foretell(struct session *session, struct foretold absent, struct foretold present)
{
        const char *profile = session->options->words[0];
        struct json_object *parameters = json_object_new_object(), *service;
        struct foretold told;
        struct answer answer;
        enum outcome outcome;
        char *name = NULL;

        if (asprintf(&name, GATEWAY_PREFIX "%s", profile) < 0) {
                json_object_put(parameters);
                failure_memory();
                return OUTCOME_FAILED;
        }
        json_object_object_add(parameters, "name", json_object_new_string(name));
        outcome = session_queue(session, "Status", parameters, 0);
        if (outcome == OUTCOME_DONE)
                outcome = session_receive(session, session_patience(session), &answer);
        if (outcome != OUTCOME_DONE) {
                free(name);
                return outcome;
        }
        if (answer.error && !names_is_absent(&answer)) {
                outcome = session_refused(session, &answer, profile);
        } else {
                service = answer.error ? NULL : member_object(answer.parameters, "service");
                told = service ? present : absent;
                if (session->options->json)
                        write_json(name, told.action, service);
                else
                        show(profile, told.action, service);
                outcome = told.outcome;
        }
        answer_deinit(&answer);
        free(name);
        return outcome;
}
