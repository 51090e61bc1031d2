/* SPDX-License-Identifier: ISC */
#include "client/verbs/alone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/talk/failure.h"
#include "client/talk/session.h"
#include "client/text/suggest.h"
#include "proto/name.h"

/* How long a look at the volume may take, which is only a courtesy. */
#define LOOK_MSEC 2000

/* Whether the profile is among those that a look at the volume found. *nearest: if not, the profile with the
 * most similar name; NULL: none is near. */
static bool is_found(struct json_object *actions, const char *profile, const char **nearest)
{
        struct suggestion suggestion;

        suggest_init(&suggestion, profile);
        /* The name is that of a gateway, so what was meant is its profile. */
        if (name_profile_of(profile))
                suggest_init(&suggestion, name_profile_of(profile));
        for (size_t i = 0; i < json_object_array_length(actions); i++) {
                struct json_object *entry = json_object_array_get_idx(actions, i);
                const char *found = member_string(entry, "profile");

                /* A removed profile is gone, or never was. */
                if (member_is(entry, "action", "removed"))
                        continue;
                if (found && strcmp(found, profile) == 0)
                        return true;
                if (found)
                        suggest_offer(&suggestion, found);
        }
        *nearest = suggestion.nearest;
        return false;
}

static void tell(const char *profile, const char *nearest)
{
        char *next = NULL;

        if (asprintf(&next, "%s%s%s'svcctl unregister %s' removes its gateway",
                     nearest ? "did you mean " : "", nearest ? nearest : "", nearest ? "? " : "",
                     profile) < 0)
                next = NULL;
        failure_print(profile, "there is no profile of that name on the volume", next ? next : "");
        free(next);
}

void alone_tell(struct session *session, struct json_object *profiles)
{
        struct json_object *parameters, *actions;
        struct answer answer;

        if (json_object_array_length(profiles) == 0)
                return;
        parameters = json_object_new_object();
        json_object_object_add(parameters, "dry_run", json_object_new_boolean(true));
        if (!session_try(session, "Reconcile", parameters, "actions", LOOK_MSEC, &answer))
                return;
        actions = member_array(answer.parameters, "actions");
        fflush(stdout);
        for (size_t i = 0; actions && i < json_object_array_length(profiles); i++) {
                const char *profile = json_object_get_string(json_object_array_get_idx(profiles, i));
                const char *nearest = NULL;

                if (json_object_array_length(actions) > 0 && !is_found(actions, profile, &nearest))
                        tell(profile, nearest);
        }
        answer_deinit(&answer);
}
