#include "client/verbs/verbs.h"
#include "client/terminal/look.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/talk/session.h"
#include "client/text/table.h"

static bool is_service(struct json_object *services, const char *word)
{
        for (size_t i = 0; i < json_object_array_length(services); i++) {
                const char *name = member_string(json_object_array_get_idx(services, i), "name");

                if (name && strcmp(name, word) == 0)
                        return true;
        }
        return false;
}

/* For the completion of shells: of each service the shortest name that means it. */
enum outcome verb_list_names(struct session *session)
{
        struct json_object *services;
        struct answer answer;
        enum outcome outcome = session_gather(session, "List", NULL, "services", session_patience(session), &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        services = member_array(answer.parameters, "services");
        if (answer.error)
                outcome = session_refused(session, &answer, "list");
        for (size_t i = 0; services && i < json_object_array_length(services); i++) {
                struct json_object *service = json_object_array_get_idx(services, i);
                const char *profile = member_string(service, "profile");
                const char *name = member_string(service, "name");

                if (profile && !is_service(services, profile))
                        name = profile;
                if (!name)
                        continue;
                tint_print(stdout, name, look_printable(), TINT_PLAIN, false);
                putchar('\n');
        }
        answer_deinit(&answer);
        return outcome;
}
