/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "client/lib/svcbroker.h"
#include "client/say/facts.h"
#include "client/say/member.h"
#include "client/say/show.h"
#include "client/talk/names.h"
#include "client/talk/select.h"
#include "client/text/document.h"
#include "client/verbs/verb.h"

static enum outcome queue_watch(struct session *session)
{
        struct json_object *parameters = NULL;

        if (session->options->words_count > 0 || select_is_asked(session->options)) {
                struct json_object *names;
                enum outcome outcome = names_resolve(session, &names);

                if (!names)
                        return outcome;
                parameters = json_object_new_object();
                json_object_object_add(parameters, "names", names);
        }
        return session_queue(session, "Watch", parameters, SVCBROKER_MORE);
}

/* Whether --failures tells of an event: a problem has begun, has become another one, or has ended. known: the
 * problem that was told last of each service, by name. */
static bool is_news(struct json_object *known, const char *event, struct json_object *service)
{
        const char *name = member_string(service, "name"), *problem = member_string(service, "problem");
        const char *before = name ? member_string(known, name) : NULL;
        const enum state_kind kind = state_of(service)->kind;
        const bool removed = event && strcmp(event, "removed") == 0;
        struct facts facts;

        facts_read(service, &facts);
        if (!name)
                return false;
        if (!problem && !removed && facts_need_attention(&facts)) /* an older broker names no problem */
                problem = facts.state->name;
        if (problem && !removed) {
                if (before && strcmp(before, problem) == 0)
                        return false;
                json_object_object_add(known, name, json_object_new_string(problem));
                return true;
        }
        /* A start or stop that is under way does not end a problem yet. */
        if (!before || (!removed && kind != STATE_UP && kind != STATE_DOWN && kind != STATE_SERVED))
                return false;
        json_object_object_del(known, name);
        return true;
}

struct watching {
        const struct options *options;
        struct json_object *known; /* see is_news() */
};

static void take_event(void *context, struct json_object *parameters)
{
        const struct watching *watching = context;
        const char *event = member_string(parameters, "event");
        struct json_object *service = member_object(parameters, "service");

        if (watching->options->failures && !is_news(watching->known, event, service))
                return;
        if (watching->options->json)
                document_write(parameters);
        else
                show_event(event ? event : "", service);
}

static enum outcome run(struct session *session)
{
        struct watching watching = {.options = session->options};
        enum outcome outcome = queue_watch(session);

        watching.known = json_object_new_object();
        if (outcome == OUTCOME_DONE)
                outcome = verb_follow(session, "watch", take_event, &watching);
        json_object_put(watching.known);
        return outcome;
}

const struct verb verb_watch = {
        .name = "watch",
        .usage = "[NAME]...",
        .summary = "print a line for each change, until interrupted",
        .options = OPTIONS_SELECT | OPTION_FAILURES,
        .patterns = true,
        .words_max = WORDS_ANY,
        .run = run,
};
