/* SPDX-License-Identifier: ISC */
#include "client/verbs/list.h"

#include <poll.h>
#include <stdio.h>

#include <json-c/json.h>

#include "client/say/list.h"
#include "client/say/member.h"
#include "client/say/sort.h"
#include "client/talk/select.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/text/tint.h"
#include "client/usage/usage.h"
#include "client/verbs/top.h"
#include "client/verbs/verb.h"

/* The time between the two looks of --usage. */
#define LOOK_MSEC 500

static bool is_service(struct json_object *services, const char *word)
{
        for (size_t i = 0; i < json_object_array_length(services); i++) {
                if (member_is(json_object_array_get_idx(services, i), "name", word))
                        return true;
        }
        return false;
}

/* Gathers all services, or those that are meant, in the order in which they are shown. */
static enum outcome gather(struct session *session, struct json_object **services)
{
        const struct options *options = session->options;
        struct json_object *sorted;
        struct answer answer;
        enum outcome outcome;

        *services = NULL;
        if (options->words_count > 0 || select_is_asked(options)) {
                outcome = select_services(session, services);
        } else {
                outcome = session_gather(session, "List", NULL, "services", "list", &answer);
                if (outcome != OUTCOME_DONE)
                        return outcome;
                *services = json_object_get(member_array(answer.parameters, "services"));
                answer_deinit(&answer);
        }
        if (!*services || !options->sort)
                return outcome;
        sorted = sort_services(*services, options->sort);
        json_object_put(*services);
        *services = sorted;
        return outcome;
}

/* Prints the shortest name of each service that means it, for the completion of shells. */
static void list_names(struct json_object *services)
{
        for (size_t i = 0; i < json_object_array_length(services); i++) {
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
}

/* Adds what the services take, in two looks, since the share of a processor is a difference. */
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
        const struct options *options = session->options;
        const struct list_form form = {.bare = options->no_header, .sorted = options->sort};
        struct json_object *services, *document;
        struct look look;
        enum outcome outcome = gather(session, &services);

        if (!services)
                return outcome;
        look_init(&look);
        document = json_object_new_object();
        json_object_object_add(document, "services", services);
        if (options->usage)
                usage_add_all(session, document, services);
        if (options->json)
                document_write(document);
        else if (options->names)
                list_names(services);
        else
                verb_print(list_text_as(services, &look, form));
        if (!options->json && options->usage)
                print_container(document);
        json_object_put(document);
        return outcome;
}

static enum outcome run(struct session *session)
{
        return session->options->watch ? top_run(session) : list_run(session);
}

const struct verb verb_list = {
        .name = "list",
        .usage = "[NAME]...",
        .summary = "show all services",
        .options =
                OPTIONS_SELECT | OPTION_NAMES | OPTION_WATCH | OPTION_SORT | OPTION_NO_HEADER | OPTION_USAGE,
        .patterns = true,
        .words_max = WORDS_ANY,
        .run = run,
};
