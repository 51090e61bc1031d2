/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/text/tint.h"
#include "client/verbs/foretell.h"
#include "client/verbs/verb.h"
#include "proto/limits.h"
#include "proto/name.h"

/* How much longer than the deadline of an Unregister the broker may take: supervisors and files go after the
 * gateway. */
#define REMOVAL_SLACK_MSEC 15000

/* Tells why a removal is refused. Protected has its own advice here, since --allow-static is not about
 * removals. */
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

/* Tells that a word is the name of a service, while that of a profile is asked for: the gateway that was
 * meant is still there. */
static void tell_profile(const char *word)
{
        char *next = NULL;

        if (asprintf(&next, "'svcctl unregister %s' removes the gateway of that profile",
                     name_profile_of(word)) < 0)
                next = NULL;
        fflush(stdout);
        failure_print(word, "is the name of a service, and not of a profile", next ? next : "");
        free(next);
}

static enum outcome ask(struct session *session, struct answer *answer)
{
        const struct options *options = session->options;
        int timeout_msec =
                options->timeout_msec == OPTIONS_NO_TIMEOUT ? DEFAULT_UNREGISTER_MSEC : options->timeout_msec;
        struct json_object *parameters = json_object_new_object();
        enum outcome outcome;

        json_object_object_add(parameters, "profile", json_object_new_string(options->words[0]));
        json_object_object_add(parameters, "timeout_msec", json_object_new_int(timeout_msec));
        outcome = session_queue(session, "Unregister", parameters, 0);
        return outcome == OUTCOME_DONE ? session_receive(session, timeout_msec + REMOVAL_SLACK_MSEC, answer)
                                       : outcome;
}

static void show_removed(struct json_object *parameters, const char *profile)
{
        bool removed = member_true(parameters, "removed");

        tint_print(stdout, profile, look_printable(), TINT_PLAIN, false);
        puts(removed ? ": unregistered" : ": was not registered");
        if (!removed && name_profile_of(profile))
                tell_profile(profile);
}

static enum outcome run(struct session *session)
{
        const char *profile = session->options->words[0];
        bool is_default = strcmp(profile, "default") == 0;
        struct answer answer;
        enum outcome outcome;

        if (session->options->dry_run)
                return foretell(session,
                                (struct foretold){is_default ? "refuse" : "keep",
                                                  is_default ? OUTCOME_DENIED : OUTCOME_DONE},
                                (struct foretold){is_default ? "refuse" : "unregister",
                                                  is_default ? OUTCOME_DENIED : OUTCOME_DONE});
        outcome = ask(session, &answer);
        if (outcome != OUTCOME_DONE)
                return outcome;
        if (answer.error)
                outcome = refuse_unregister(session, &answer);
        else if (session->options->json)
                document_write(answer.parameters);
        else
                show_removed(answer.parameters, profile);
        if (!answer.error)
                verb_tell_unpersisted(answer.parameters, profile,
                                      "it is gone; while its profile exists, it may come back when the "
                                      "container restarts");
        answer_deinit(&answer);
        return outcome;
}

const struct verb verb_unregister = {
        .name = "unregister",
        .usage = "PROFILE",
        .summary = "end a profile's gateway, and remove it",
        .options = OPTION_DRY_RUN,
        .waits = WAIT_GONE,
        .words_min = 1,
        .words_max = 1,
        .missing = "give a PROFILE",
        .costly = true,
        .run = run,
};
