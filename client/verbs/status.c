/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>

#include <json-c/json.h>

#include "client/log/logtail.h"
#include "client/say/facts.h"
#include "client/say/member.h"
#include "client/say/page.h"
#include "client/talk/names.h"
#include "client/talk/select.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/usage/usage.h"
#include "client/verbs/list.h"
#include "client/verbs/top.h"
#include "client/verbs/verb.h"

static void show_page(struct json_object *service, const struct facts *facts, const struct look *look)
{
        struct logtail tail;
        int result;

        verb_print(page_text(service, look));
        if (!facts->log_directory)
                return;
        result = logtail_init(&tail, facts->log_directory, look_printable());
        putchar('\n');
        if (result < 0) {
                puts(page_log_problem(result));
                return;
        }
        if (tail.count > 0 && facts->log_problem)
                printf("what it prints now goes to the container's log only; 'svcctl logs %s' shows older "
                       "lines\n",
                       facts->name);
        else if (tail.count > 0)
                verb_print(page_log_text(&tail, look));
        else
                puts(page_log_problem(-ENOENT));
        logtail_deinit(&tail);
}

/* Adds what the service takes, as if it were a list of one. */
static void add_usage(const struct session *session, struct json_object *service)
{
        struct json_object *services = json_object_new_array();
        struct usages usages = {0};

        json_object_array_add(services, json_object_get(service));
        usages_add(&usages, services, session_sees_processes(session), true);
        usages_deinit(&usages);
        json_object_put(services);
}

static enum outcome show_one(struct session *session)
{
        const struct options *options = session->options;
        struct answer answer;
        struct facts facts;
        struct look look;
        enum outcome outcome = names_ask(session, options->words[0], &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        look_init(&look);
        if (options->usage || !options->json)
                add_usage(session, member_object(answer.parameters, "service"));
        facts_read(member_object(answer.parameters, "service"), &facts);
        if (options->json)
                document_write(answer.parameters);
        else
                show_page(member_object(answer.parameters, "service"), &facts, &look);
        outcome = facts.state->running ? OUTCOME_DONE : OUTCOME_NOT_RUNNING;
        answer_deinit(&answer);
        return outcome;
}

/* Shows several services, one below the other, in the order of the list. */
static enum outcome show_several(struct session *session)
{
        struct json_object *services, *document;
        struct look look;
        enum outcome outcome = select_services(session, &services);

        if (!services)
                return outcome;
        look_init(&look);
        for (size_t i = 0; i < json_object_array_length(services); i++) {
                struct json_object *service = json_object_array_get_idx(services, i);
                struct facts facts;

                if (session->options->usage || !session->options->json)
                        add_usage(session, service);
                facts_read(service, &facts);
                if (!session->options->json && i > 0)
                        putchar('\n');
                if (!session->options->json)
                        show_page(service, &facts, &look);
                outcome = failure_worse(outcome, facts.state->running ? OUTCOME_DONE : OUTCOME_NOT_RUNNING);
        }
        document = json_object_new_object();
        json_object_object_add(document, "services", services);
        if (session->options->json)
                document_write(document);
        json_object_put(document);
        return outcome;
}

static enum outcome run(struct session *session)
{
        const struct options *options = session->options;

        if (options->watch)
                return top_run(session);
        if (options->words_count > 1 || select_is_asked(options))
                return show_several(session);
        return options->words_count == 0 ? list_run(session) : show_one(session);
}

const struct verb verb_status = {
        .name = "status",
        .usage = "[NAME]...",
        .summary = "show services in full; without NAME, as list",
        .options = OPTIONS_SELECT | OPTION_WATCH | OPTION_USAGE,
        .patterns = true,
        .words_max = WORDS_ANY,
        .run = run,
};
