/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>

#include <json-c/json.h>

#include "client/log/logtail.h"
#include "client/say/facts.h"
#include "client/say/member.h"
#include "client/say/page.h"
#include "client/talk/names.h"
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

/* What it takes, too: of the service in the answer, which is told as a list of one. */
static void add_usage(const struct session *session, struct json_object *service)
{
        struct json_object *services = json_object_new_array();
        struct usages usages = {0};

        json_object_array_add(services, json_object_get(service));
        usages_add(&usages, services, session_sees_processes(session), true);
        usages_deinit(&usages);
        json_object_put(services);
}

static enum outcome run(struct session *session)
{
        const struct options *options = session->options;
        struct answer answer;
        struct facts facts;
        struct look look;
        enum outcome outcome;

        if (options->watch)
                return top_run(session);
        if (options->words_count == 0)
                return list_run(session);
        outcome = names_ask(session, options->words[0], &answer);
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

const struct verb verb_status = {
        .name = "status",
        .usage = "[NAME]",
        .summary = "show one service in full; without NAME, as list",
        .options = OPTION_PROFILE | OPTION_WATCH | OPTION_USAGE,
        .words_max = 1,
        .run = run,
};
