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

#define ADVICE_BYTES 1024

enum verdict { VERDICT_OK, VERDICT_WARNING, VERDICT_FAILURE, VERDICTS };

/* A verdict of a later version, or none, is no reason to say that all is well. */
static enum verdict verdict_of(struct json_object *check)
{
        const char *verdict = member_string(check, "verdict");

        if (verdict && strcmp(verdict, "ok") == 0)
                return VERDICT_OK;
        return verdict && strcmp(verdict, "warning") == 0 ? VERDICT_WARNING : VERDICT_FAILURE;
}

static void add_check(struct table *table, struct json_object *check)
{
        static const enum tint tints[VERDICTS] = {TINT_GOOD, TINT_BUSY, TINT_BAD};
        const char *verdict = member_string(check, "verdict");
        const char *advice = member_string(check, "advice");
        char indented[ADVICE_BYTES];
        const struct cell cells[] = {
                {.text = verdict ? verdict : "unknown", .tint = tints[verdict_of(check)]},
                {.text = member_string(check, "name")},
                {.text = member_string(check, "detail")},
        };
        const struct cell advice_cells[] = {{0}, {0}, {.text = indented, .tint = TINT_DIM}};

        table_add(table, cells);
        if (!advice || !*advice)
                return;
        snprintf(indented, sizeof(indented), "  %s", advice);
        table_add(table, advice_cells);
}

/* One row a check, what to do about it below, and how many of each in the end. */
static void show_checks(struct json_object *checks, const unsigned counts[VERDICTS])
{
        size_t count = json_object_array_length(checks);
        struct table table;

        table_init(&table, 3, NULL);
        for (size_t i = 0; i < count; i++)
                add_check(&table, json_object_array_get_idx(checks, i));
        table_print(&table, stdout, look_colour());
        table_deinit(&table);
        printf("%zu check%s: %u ok, %u warning%s, %u failure%s\n", count, count == 1 ? "" : "s",
               counts[VERDICT_OK], counts[VERDICT_WARNING], counts[VERDICT_WARNING] == 1 ? "" : "s",
               counts[VERDICT_FAILURE], counts[VERDICT_FAILURE] == 1 ? "" : "s");
}

enum outcome verb_doctor(struct session *session)
{
        struct json_object *checks;
        unsigned counts[VERDICTS] = {0};
        struct answer answer;
        enum outcome outcome = session_ask(session, "Diagnose", NULL, session_patience(session), &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        checks = member_array(answer.parameters, "checks");
        for (size_t i = 0; checks && i < json_object_array_length(checks); i++)
                counts[verdict_of(json_object_array_get_idx(checks, i))]++;
        if (answer.error) {
                outcome = session_refused(session, &answer, "doctor");
        } else {
                if (session->options->json)
                        document_write(answer.parameters);
                else if (checks)
                        show_checks(checks, counts);
                outcome = checks && !counts[VERDICT_FAILURE] ? OUTCOME_DONE : OUTCOME_FAILED;
        }
        answer_deinit(&answer);
        return outcome;
}
