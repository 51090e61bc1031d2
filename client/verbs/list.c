/* SPDX-License-Identifier: ISC */
#include "client/verbs/list.h"

#include <poll.h>
#include <stdio.h>

#include <json-c/json.h>

#include "client/say/list.h"
#include "client/say/member.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/text/tint.h"
#include "client/usage/usage.h"
#include "client/verbs/top.h"
#include "client/verbs/verb.h"

/* Between the two looks of --usage. */
#define LOOK_MSEC 500

static bool is_service(struct json_object *services, const char *word)
{
        for (size_t i = 0; i < json_object_array_length(services); i++) {
                if (member_is(json_object_array_get_idx(services, i), "name", word))
                        return true;
        }
        return false;
}

/* Prints of each service the shortest name that means it, for the completion of shells. */
static enum outcome list_names(struct session *session)
{
        struct json_object *services;
        struct answer answer;
        enum outcome outcome = session_gather(session, "List", NULL, "services", "list", &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        services = member_array(answer.parameters, "services");
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

/* Two looks, since what is used of a processor is a difference. */
static void usage_add_all(const struct session *session, struct json_object *document,
                          struct json_object *services)
{
        struct usages usages = {0};
        bool here = session_sees_processes(session);

        usages_add(&usages, services, here, false);
        poll(NULL, 0, LOOK_MSEC);
        usages_add(&usages, services, here, true);
        usages_deinit(&usages);
        usage_add_container(document);
}

static void print_container(struct json_object *document)
{
        char text[LIST_CONTAINER_BYTES];

        if (*list_container(document, text))
                printf("\n%s\n", text);
}

enum outcome list_run(struct session *session)
{
        struct json_object *services;
        struct answer answer;
        struct look look;
        enum outcome outcome = session_gather(session, "List", NULL, "services", "list", &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        services = member_array(answer.parameters, "services");
        look_init(&look);
        if (session->options->usage)
                usage_add_all(session, answer.parameters, services);
        if (session->options->json)
                document_write(answer.parameters);
        else if (services)
                verb_print(list_text(services, &look));
        if (!session->options->json && session->options->usage)
                print_container(answer.parameters);
        answer_deinit(&answer);
        return outcome;
}

static enum outcome run(struct session *session)
{
        if (session->options->watch)
                return top_run(session);
        return session->options->names ? list_names(session) : list_run(session);
}

const struct verb verb_list = {
        .name = "list",
        .summary = "show all services",
        .options = OPTION_NAMES | OPTION_WATCH | OPTION_USAGE,
        .run = run,
};
