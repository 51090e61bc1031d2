/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/say/show.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/verbs/alone.h"
#include "client/verbs/foretell.h"
#include "client/verbs/verb.h"

/* Adds a variable of --env: NAME=VALUE, or NAME for the value that svcctl has itself; the last one of a name
 * counts. */
static enum outcome add_variable(struct session *session, struct json_object *environment, const char *given)
{
        size_t length = strcspn(given, "=");
        char *name = strndup(given, length);
        const char *value = given[length] ? given + length + 1 : NULL;
        enum outcome outcome = OUTCOME_DONE;

        if (!name)
                return session_broken(session, -ENOMEM);
        if (!value)
                value = getenv(name);
        if (value) {
                json_object_object_add(environment, name, json_object_new_string(value));
        } else {
                failure_print(given, "is not set here", "write --env NAME=VALUE");
                outcome = OUTCOME_USAGE;
        }
        free(name);
        return outcome;
}

static enum outcome build_register(struct session *session, struct json_object **parameters)
{
        const struct options *options = session->options;
        struct json_object *made = json_object_new_object();
        struct json_object *environment = NULL;
        enum outcome outcome = OUTCOME_DONE;

        json_object_object_add(made, "profile", json_object_new_string(options->words[0]));
        if (options->environment_count > 0) {
                environment = json_object_new_object();
                json_object_object_add(made, "environment", environment);
        }
        for (size_t i = 0; i < options->environment_count && outcome == OUTCOME_DONE; i++)
                outcome = add_variable(session, environment, options->environment[i]);
        if (options->no_start)
                json_object_object_add(made, "start", json_object_new_boolean(false));
        if (outcome == OUTCOME_DONE)
                *parameters = made;
        else
                json_object_put(made);
        return outcome;
}

static void show_registered(struct json_object *parameters)
{
        struct json_object *service = member_object(parameters, "service");
        const char *name = member_string(service, "name");
        const char *state = show_state(service);

        tint_print(stdout, name ? name : "?", look_printable(), TINT_PLAIN, false);
        if (member_true(parameters, "created"))
                printf(": registered, ");
        else if (member_true(parameters, "changed"))
                printf(": was registered already; its new environment takes effect at its next start; ");
        else
                printf(": was registered already, ");
        tint_print(stdout, state ? state : "unknown", look_printable(), TINT_PLAIN, false);
        putchar('\n');
}

static enum outcome run(struct session *session)
{
        const struct options *options = session->options;
        const char *profile = options->words[0];
        struct json_object *parameters;
        struct answer answer;
        enum outcome outcome = build_register(session, &parameters);

        if (outcome != OUTCOME_DONE)
                return outcome;
        if (options->dry_run) {
                json_object_put(parameters);
                return foretell(
                        session,
                        (struct foretold){options->no_start ? "register" : "register and start",
                                          OUTCOME_DONE},
                        (struct foretold){options->environment_count ? "replace its variables" : "keep",
                                          OUTCOME_DONE});
        }
        outcome = session_ask(session, "Register", parameters, profile, &answer);
        if (outcome != OUTCOME_DONE)
                return outcome;
        if (options->json)
                document_write(answer.parameters);
        else
                show_registered(answer.parameters);
        verb_tell_unpersisted(answer.parameters, profile,
                              "it is registered, which is recorded when that is mended");
        if (!options->json && member_true(answer.parameters, "created")) {
                struct json_object *created = json_object_new_array();

                json_object_array_add(created, json_object_new_string(profile));
                alone_tell(session, created);
                json_object_put(created);
        }
        answer_deinit(&answer);
        return outcome;
}

const struct verb verb_register = {
        .name = "register",
        .usage = "PROFILE",
        .summary = "make the gateway of a profile, and start it",
        .options = OPTION_ENV | OPTION_NO_START | OPTION_DRY_RUN,
        .words_min = 1,
        .words_max = 1,
        .missing = "give a PROFILE",
        .run = run,
};
