/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/text/table.h"
#include "client/text/wrap.h"
#include "client/verbs/verb.h"

#define COLUMN_PROFILE 0
#define COLUMN_WHY 3
#define PROFILE_COLUMNS_FAIR 16
#define WHY_INDENT 4

static enum tint action_tint(const char *action)
{
        if (strcmp(action, "started") == 0 || strcmp(action, "served") == 0)
                return TINT_GOOD;
        if (strcmp(action, "skipped") == 0)
                return TINT_BAD;
        if (strcmp(action, "kept") == 0)
                return TINT_DIM;
        return strcmp(action, "registered") == 0 ? TINT_PLAIN : TINT_BUSY;
}

/* Prints the table. If it is too wide, long names are cut, and then reasons go below their rows. */
static void print_fitting(struct table *table, struct json_object *actions)
{
        struct look look;
        size_t width = table_measure(table);

        look_init(&look);
        table->ellipsis = look.utf8 ? "…" : "~";
        if (look.columns > 0 && width > look.columns &&
            table->widths[COLUMN_PROFILE] > PROFILE_COLUMNS_FAIR) {
                size_t over = width - look.columns, name = table->widths[COLUMN_PROFILE];

                table->most[COLUMN_PROFILE] =
                        name > over + PROFILE_COLUMNS_FAIR ? name - over : PROFILE_COLUMNS_FAIR;
                width = table_measure(table);
        }
        table->hidden[COLUMN_WHY] = look.columns > 0 && width > look.columns;
        table_measure(table);
        table_print_headings(table, stdout, look.colour);
        for (size_t i = 0; i < table->rows; i++) {
                const char *why = member_string(json_object_array_get_idx(actions, i), "message");

                table_print_row(table, i, stdout, look.colour);
                if (table->hidden[COLUMN_WHY] && why) {
                        printf("%*s", WHY_INDENT, "");
                        wrap_print(stdout, why, look.printable, WHY_INDENT, WHY_INDENT, look.columns);
                }
        }
}

/* Returns the word for what was done. A gateway that is held because the default gateway serves its profile
 * is called served. */
static const char *action_word(struct json_object *entry)
{
        const char *action = member_string(entry, "action");

        if (!action)
                return "unknown";
        return strcmp(action, "held") == 0 && member_is(entry, "cause", "served") ? "served" : action;
}

static void show_actions(struct json_object *actions)
{
        static const char *const headings[] = {"PROFILE", "ACTION", "PRIOR STATE", "WHY"};
        struct table table;

        table_init(&table, 4, headings);
        table.printable = look_printable();
        for (size_t i = 0; i < json_object_array_length(actions); i++) {
                struct json_object *entry = json_object_array_get_idx(actions, i);
                const char *action = action_word(entry);
                const struct cell cells[] = {
                        {.text = member_string(entry, "profile")},
                        {.text = action, .tint = action_tint(action)},
                        {.text = member_string(entry, "prior_state")},
                        {.text = member_string(entry, "message")},
                };

                table_add(&table, cells);
        }
        if (!table.failed && table.rows > 0)
                print_fitting(&table, actions);
        table_deinit(&table);
}

static bool has_skipped(struct json_object *actions)
{
        for (size_t i = 0; actions && i < json_object_array_length(actions); i++) {
                if (member_is(json_object_array_get_idx(actions, i), "action", "skipped"))
                        return true;
        }
        return false;
}

static enum outcome run(struct session *session)
{
        struct json_object *parameters = json_object_new_object();
        struct json_object *actions;
        struct answer answer;
        enum outcome outcome;

        if (session->options->dry_run)
                json_object_object_add(parameters, "dry_run", json_object_new_boolean(true));
        outcome = session_gather(session, "Reconcile", parameters, "actions", "reconcile", &answer);
        if (outcome != OUTCOME_DONE)
                return outcome;
        actions = member_array(answer.parameters, "actions");
        if (session->options->json)
                document_write(answer.parameters);
        else if (actions)
                show_actions(actions);
        outcome = has_skipped(actions) ? OUTCOME_FAILED : OUTCOME_DONE;
        answer_deinit(&answer);
        return outcome;
}

const struct verb verb_reconcile = {
        .name = "reconcile",
        .summary = "make a gateway for each profile that has none",
        .options = OPTION_DRY_RUN,
        .run = run,
};
