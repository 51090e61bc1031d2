/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "client/lib/svcbroker.h"
#include "client/say/openmetrics.h"
#include "client/text/document.h"
#include "client/usage/usage.h"
#include "client/verbs/verb.h"
#include "proto/interface.h"

/* Gathers all replies of a method of io.systemd.Metrics into an array. */
static enum outcome gather(struct session *session, const char *method, struct json_object **all)
{
        enum outcome outcome = session_queue(session, method, NULL, SVCBROKER_MORE);
        struct answer answer = {.continues = true};

        *all = json_object_new_array();
        while (outcome == OUTCOME_DONE && answer.continues) {
                outcome = session_receive(session, session_patience(session), &answer);
                if (outcome != OUTCOME_DONE)
                        break;
                if (answer.error)
                        outcome = session_refused(session, &answer, "metrics");
                else
                        json_object_array_add(*all, json_object_get(answer.parameters));
                answer_deinit(&answer);
        }
        return outcome;
}

static void print(const struct session *session, struct json_object *families, struct json_object *metrics)
{
        struct json_object *document;

        if (!session->options->json) {
                verb_print(
                        openmetrics_text(families, metrics,
                                         session->options->prometheus ? PROMETHEUS_0_0_4 : OPENMETRICS_1_0));
                return;
        }
        document = json_object_new_object();
        json_object_object_add(document, "families", json_object_get(families));
        json_object_object_add(document, "metrics", json_object_get(metrics));
        document_write(document);
        json_object_put(document);
}

static enum outcome run(struct session *session)
{
        struct json_object *families = NULL, *metrics = NULL;
        enum outcome outcome = gather(session, IO_SYSTEMD_METRICS ".Describe", &families);

        if (outcome == OUTCOME_DONE)
                outcome = gather(session, IO_SYSTEMD_METRICS ".List", &metrics);
        if (outcome == OUTCOME_DONE) {
                usage_add_metrics(families, metrics, session_sees_processes(session));
                print(session, families, metrics);
        }
        json_object_put(families);
        json_object_put(metrics);
        return outcome;
}

const struct verb verb_metrics = {
        .name = "metrics",
        .summary = "print figures for Prometheus, as OpenMetrics text",
        .options = OPTION_PROMETHEUS,
        .run = run,
};
