#include "client/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/text/document.h"
#include "client/terminal/look.h"
#include "client/say/member.h"
#include "client/options.h"
#include "client/talk/session.h"
#include "client/say/show.h"
#include "client/text/suggest.h"
#include "proto/limits.h"
#include "proto/name.h"

/* For a look at the volume that is only a courtesy. */
#define LOOK_MSEC 2000

/* What the broker may take beyond the deadline of an unregister: supervisors and files go after the gateway.
 */
#define REMOVAL_SLACK_MSEC 15000

/* --env NAME=VALUE, or --env NAME for the value that svcctl has itself; the last of a name counts. */
static enum outcome add_variable(struct json_object *environment, const char *given)
{
        size_t length = strcspn(given, "=");
        char *name = strndup(given, length);
        const char *value = given[length] ? given + length + 1 : NULL;
        enum outcome outcome = OUTCOME_DONE;

        if (name && !value)
                value = getenv(name);
        if (name && value) {
                json_object_object_add(environment, name, json_object_new_string(value));
        } else {
                failure_print(given, "is not set here", "write --env NAME=VALUE");
                outcome = OUTCOME_USAGE;
        }
        free(name);
        return outcome;
}

static enum outcome build_register(const struct options *options, struct json_object **parameters)
{
        struct json_object *made = json_object_new_object();
        struct json_object *environment = NULL;
        enum outcome outcome = OUTCOME_DONE;

        json_object_object_add(made, "profile", json_object_new_string(options->words[0]));
        if (options->environment_count > 0) {
                environment = json_object_new_object();
                json_object_object_add(made, "environment", environment);
        }
        for (size_t i = 0; i < options->environment_count && outcome == OUTCOME_DONE; i++)
                outcome = add_variable(environment, options->environment[i]);
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

/* It is done, and the volume does not know of it. */
static void report_unpersisted(struct json_object *parameters, const char *profile, const char *next)
{
        const char *error = member_string(parameters, "persist_error");

        if (!error)
                return;
        fflush(stdout); /* before it, where both go to one file */
        failure_print(profile, error, next);
}

/* Whether the profile is among what a look at the volume found; *nearest: else what is called almost so. */
static bool is_found(struct json_object *actions, const char *profile, const char **nearest)
{
        struct suggestion suggestion;

        suggest_init(&suggestion, profile);
        /* It is a service that was meant. */
        if (name_profile_of(profile))
                suggest_init(&suggestion, name_profile_of(profile));
        for (size_t i = 0; i < json_object_array_length(actions); i++) {
                struct json_object *entry = json_object_array_get_idx(actions, i);
                const char *found = member_string(entry, "profile");
                const char *action = member_string(entry, "action");

                /* It is gone, or never was. */
                if (action && strcmp(action, "removed") == 0)
                        continue;
                if (found && strcmp(found, profile) == 0)
                        return true;
                if (found)
                        suggest_offer(&suggestion, found);
        }
        *nearest = suggestion.nearest;
        return false;
}

/* A gateway may be made before its profile is; a mistyped one is made just so, and runs. What cannot be
 * looked at is nothing to tell. */
static void tell_if_alone(struct session *session, const char *profile)
{
        struct json_object *parameters = json_object_new_object();
        struct json_object *actions;
        const char *nearest = NULL;
        struct answer answer;
        char *next = NULL;

        json_object_object_add(parameters, "dry_run", json_object_new_boolean(true));
        if (!session_try(session, "Reconcile", parameters, "actions", LOOK_MSEC, &answer))
                return;
        actions = answer.error ? NULL : member_array(answer.parameters, "actions");
        if (actions && json_object_array_length(actions) > 0 && !is_found(actions, profile, &nearest)) {
                if (asprintf(&next, "%s%s%s'svcctl unregister %s' removes its gateway",
                             nearest ? "did you mean " : "", nearest ? nearest : "", nearest ? "? " : "",
                             profile) < 0)
                        next = NULL;
                fflush(stdout);
                failure_print(profile, "there is no profile of that name on the volume", next ? next : "");
                free(next);
        }
        answer_deinit(&answer);
}

enum outcome verb_register(struct session *session)
{
        const struct options *options = session->options;
        struct json_object *parameters;
        struct answer answer;
        enum outcome outcome = build_register(options, &parameters);

        if (outcome != OUTCOME_DONE)
                return outcome;
        outcome = session_ask(session, "Register", parameters, session_patience(session), &answer);
        if (outcome != OUTCOME_DONE)
                return outcome;
        if (answer.error)
                outcome = session_refused(session, &answer, options->words[0]);
        else if (options->json)
                document_write(answer.parameters);
        else
                show_registered(answer.parameters);
        if (!answer.error)
                report_unpersisted(answer.parameters, options->words[0],
                                   "it is registered, which is recorded when that is mended");
        if (!answer.error && !options->json && member_true(answer.parameters, "created"))
                tell_if_alone(session, options->words[0]);
        answer_deinit(&answer);
        return outcome;
}

/* What is protected from a removal is not what --allow-static is about. */
static enum outcome refuse_unregister(const struct session *session, const struct answer *answer)
{
        const char *profile = session->options->words[0];
        const char *reason = member_string(answer->parameters, "reason");
        char next[LIMIT_SERVICE_NAME_BYTES + 80];

        if (strcmp(answer->error, ERROR_PROTECTED) != 0)
                return session_refused(session, answer, profile);
        if (session->options->json)
                document_write_error(answer->error, answer->parameters);
        snprintf(next, sizeof(next), "'svcctl stop %.*s' keeps it down", LIMIT_PROFILE_NAME_BYTES, profile);
        failure_print(profile, reason ? reason : "it cannot be removed", next);
        return OUTCOME_DENIED;
}

/* The name of a service, where that of a profile is asked for: what was meant is still there. */
static void tell_profile(const char *word)
{
        char *next = NULL;

        if (asprintf(&next, "'svcctl unregister %s' removes the gateway of that profile", name_profile_of(word)) < 0)
                next = NULL;
        fflush(stdout);
        failure_print(word, "is the name of a service, and not of a profile", next ? next : "");
        free(next);
}

enum outcome verb_unregister(struct session *session)
{
        const struct options *options = session->options;
        int timeout_msec = DEFAULT_UNREGISTER_MSEC;
        struct json_object *parameters = json_object_new_object();
        struct answer answer;
        enum outcome outcome;

        if (options->timeout_msec != OPTIONS_NO_TIMEOUT)
                timeout_msec = options->timeout_msec;
        json_object_object_add(parameters, "profile", json_object_new_string(options->words[0]));
        json_object_object_add(parameters, "timeout_msec", json_object_new_int(timeout_msec));
        outcome = session_ask(session, "Unregister", parameters, timeout_msec + REMOVAL_SLACK_MSEC, &answer);
        if (outcome != OUTCOME_DONE)
                return outcome;
        if (answer.error) {
                outcome = refuse_unregister(session, &answer);
        } else if (options->json) {
                document_write(answer.parameters);
        } else {
                tint_print(stdout, options->words[0], look_printable(), TINT_PLAIN, false);
                puts(member_true(answer.parameters, "removed") ? ": unregistered" : ": was not registered");
                if (!member_true(answer.parameters, "removed") && name_profile_of(options->words[0]))
                        tell_profile(options->words[0]);
        }
        if (!answer.error)
                report_unpersisted(answer.parameters, options->words[0],
                                   "it is gone; while its profile exists, it may come back when the "
                                   "container restarts");
        answer_deinit(&answer);
        return outcome;
}
