#include "client/verbs.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "client/document.h"
#include "client/look.h"
#include "client/member.h"
#include "client/options.h"
#include "client/session.h"
#include "client/show.h"

static enum tint action_tint(const char *action)
{
        if (strcmp(action, "started") == 0)
                return TINT_GOOD;
        if (strcmp(action, "skipped") == 0)
                return TINT_BAD;
        if (strcmp(action, "kept") == 0)
                return TINT_DIM;
        return strcmp(action, "registered") == 0 ? TINT_PLAIN : TINT_BUSY;
}

static void show_actions(struct json_object *actions)
{
        static const char *const headings[] = {"PROFILE", "ACTION", "PRIOR STATE", "WHY"};
        struct table table;

        table_init(&table, 4, headings);
        table.printable = look_printable();
        for (size_t i = 0; i < json_object_array_length(actions); i++) {
                struct json_object *entry = json_object_array_get_idx(actions, i);
                const char *action = member_string(entry, "action");
                const struct cell cells[] = {
                        {.text = member_string(entry, "profile")},
                        {.text = action ? action : "unknown", .tint = action_tint(action ? action : "")},
                        {.text = member_string(entry, "prior_state")},
                        {.text = member_string(entry, "message")},
                };

                table_add(&table, cells);
        }
        table_print(&table, stdout, look_colour());
        table_deinit(&table);
}

static bool has_skipped(struct json_object *actions)
{
        for (size_t i = 0; actions && i < json_object_array_length(actions); i++) {
                const char *action = member_string(json_object_array_get_idx(actions, i), "action");

                if (action && strcmp(action, "skipped") == 0)
                        return true;
        }
        return false;
}

enum outcome verb_reconcile(struct session *session)
{
        struct json_object *parameters = json_object_new_object();
        struct json_object *actions;
        struct answer answer;
        enum outcome outcome;

        if (session->options->dry_run)
                json_object_object_add(parameters, "dry_run", json_object_new_boolean(true));
        outcome = session_ask(session, "Reconcile", parameters, session_patience(session), &answer);
        if (outcome != OUTCOME_DONE)
                return outcome;
        actions = member_array(answer.parameters, "actions");
        if (answer.error) {
                outcome = session_refused(session, &answer, "reconcile");
        } else {
                if (session->options->json)
                        document_write(answer.parameters);
                else if (actions)
                        show_actions(actions);
                outcome = has_skipped(actions) ? OUTCOME_FAILED : OUTCOME_DONE;
        }
        answer_deinit(&answer);
        return outcome;
}
