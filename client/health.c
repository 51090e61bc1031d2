#include "client/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "client/document.h"
#include "client/member.h"
#include "client/options.h"
#include "client/session.h"
#include "client/show.h"

static void show_health(struct json_object *health)
{
        struct json_object *problems = member_array(health, "problems");

        for (size_t i = 0; problems && i < json_object_array_length(problems); i++) {
                const char *problem = json_object_get_string(json_object_array_get_idx(problems, i));

                tint_print(stdout, problem ? problem : "unknown problem", TINT_PLAIN, false);
                putchar('\n');
        }
        if (member_true(health, "healthy"))
                printf("healthy: %" PRId64 " services, %" PRId64 " wanted, %" PRId64 " up\n",
                       member_int(health, "services", 0), member_int(health, "wanted", 0),
                       member_int(health, "up", 0));
        else if (!problems || json_object_array_length(problems) == 0)
                puts("not healthy, and the broker does not say why; try 'svcctl diagnose'");
}

enum outcome verb_health(struct session *session)
{
        struct answer answer;
        enum outcome outcome = session_ask(session, "Health", NULL, session_patience(session), &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        if (answer.error) {
                outcome = session_refused(session, &answer, "health");
        } else {
                if (session->options->json)
                        document_write(answer.parameters);
                else
                        show_health(answer.parameters);
                outcome = member_true(answer.parameters, "healthy") ? OUTCOME_DONE : OUTCOME_FAILED;
        }
        answer_deinit(&answer);
        return outcome;
}

static enum tint verdict_tint(const char *verdict)
{
        if (!verdict)
                return TINT_PLAIN;
        return strcmp(verdict, "ok") == 0        ? TINT_GOOD
               : strcmp(verdict, "warning") == 0 ? TINT_BUSY
                                                 : TINT_BAD;
}

/* One row a check, and what to do about it below. */
static void show_checks(struct json_object *checks, bool colour)
{
        struct table table;

        table_init(&table, 3, NULL);
        for (size_t i = 0; i < json_object_array_length(checks); i++) {
                struct json_object *check = json_object_array_get_idx(checks, i);
                const char *verdict = member_string(check, "verdict");
                const char *advice = member_string(check, "advice");
                const struct cell cells[] = {
                        {.text = verdict, .tint = verdict_tint(verdict)},
                        {.text = member_string(check, "name")},
                        {.text = member_string(check, "detail")},
                };
                const struct cell advice_cells[] = {{0}, {0}, {.text = advice, .tint = TINT_DIM}};

                table_add(&table, cells);
                if (advice && *advice)
                        table_add(&table, advice_cells);
        }
        table_print(&table, stdout, colour);
        table_deinit(&table);
}

static bool has_failure(struct json_object *checks)
{
        for (size_t i = 0; i < json_object_array_length(checks); i++) {
                const char *verdict = member_string(json_object_array_get_idx(checks, i), "verdict");

                if (!verdict || strcmp(verdict, "failure") == 0)
                        return true;
        }
        return false;
}

enum outcome verb_diagnose(struct session *session)
{
        struct json_object *checks;
        struct answer answer;
        enum outcome outcome = session_ask(session, "Diagnose", NULL, session_patience(session), &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        checks = member_array(answer.parameters, "checks");
        if (answer.error) {
                outcome = session_refused(session, &answer, "diagnose");
        } else {
                if (session->options->json)
                        document_write(answer.parameters);
                else if (checks)
                        show_checks(checks, show_colour());
                outcome = checks && has_failure(checks) ? OUTCOME_FAILED : OUTCOME_DONE;
        }
        answer_deinit(&answer);
        return outcome;
}
