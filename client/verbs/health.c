/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/text/tint.h"
#include "client/text/wrap.h"
#include "client/verbs/verb.h"

#define SERVED_BYTES 64

/* Returns how many wanted services the default gateway serves, if it serves every profile; else "". */
static const char *served_text(struct json_object *health, char buffer[SERVED_BYTES])
{
        int64_t served = member_int(health, "served", -1);

        buffer[0] = '\0';
        if (served >= 0)
                snprintf(buffer, SERVED_BYTES, ", %" PRId64 " served by the default gateway", served);
        return buffer;
}

static void show_health(struct json_object *health)
{
        struct json_object *problems = member_array(health, "problems");
        struct json_object *notes = member_array(health, "notes");
        int64_t services = member_int(health, "services", 0);
        char buffer[SERVED_BYTES];
        struct look look;

        look_init(&look);
        for (size_t i = 0; problems && i < json_object_array_length(problems); i++) {
                const char *problem = json_object_get_string(json_object_array_get_idx(problems, i));

                wrap_print(stdout, problem ? problem : "unknown problem", look.printable, 0, 2, look.columns);
        }
        for (size_t i = 0; notes && i < json_object_array_length(notes); i++) {
                const char *note = json_object_get_string(json_object_array_get_idx(notes, i));

                tint_print(stdout, note ? note : "", look_printable(), TINT_PLAIN, false);
                putchar('\n');
        }
        if (member_true(health, "healthy"))
                printf("healthy: %" PRId64 " service%s, %" PRId64 " wanted, %" PRId64 " up%s\n", services,
                       services == 1 ? "" : "s", member_int(health, "wanted", 0), member_int(health, "up", 0),
                       served_text(health, buffer));
        else if (!problems || json_object_array_length(problems) == 0)
                puts("not healthy, and the broker does not say why; try 'svcctl doctor'");
}

static enum outcome run(struct session *session)
{
        struct answer answer;
        enum outcome outcome = session_gather(session, "Health", NULL, "problems", "health", &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        if (session->options->json)
                document_write(answer.parameters);
        else
                show_health(answer.parameters);
        outcome = member_true(answer.parameters, "healthy") ? OUTCOME_DONE : OUTCOME_FAILED;
        answer_deinit(&answer);
        return outcome;
}

const struct verb verb_health = {
        .name = "health",
        .summary = "list the problems; exit 1 if there are any",
        .run = run,
};
