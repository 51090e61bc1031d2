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
#include "client/terminal/look.h"
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

/* Of each service what was told of it last: --failures tells of a problem when it begins, is another one, and has ended. */
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
        if (!problem && !removed && facts_need_attention(&facts)) /* a broker that has no words for it */
                problem = facts.state->name;
        if (problem && !removed) {
                if (before && strcmp(before, problem) == 0)
                        return false;
                json_object_object_add(known, name, json_object_new_string(problem));
                return true;
        }
        /* A try that is under way says nothing yet. */
        if (!before || (!removed && kind != STATE_UP && kind != STATE_DOWN && kind != STATE_SERVED))
                return false;
        json_object_object_del(known, name);
        return true;
}

static enum outcome show_reply(struct session *session, struct json_object *known,
                               const struct svcbroker_reply *reply, bool colour)
{
        struct answer answer = {.error = reply->error, .parameters = json_tokener_parse(reply->parameters)};
        const char *event = member_string(answer.parameters, "event");
        enum outcome outcome = OUTCOME_DONE;

        if (answer.error)
                outcome = session_refused(session, &answer, "watch");
        else if (session->options->failures &&
                 !is_news(known, event, member_object(answer.parameters, "service")))
                ;
        else if (session->options->json)
                document_write(answer.parameters);
        else
                show_event(event ? event : "", member_object(answer.parameters, "service"), colour);
        answer_deinit(&answer);
        return outcome;
}

static enum outcome follow(struct session *session, struct json_object *known)
{
        bool colour = look_colour();
        struct svcbroker_reply reply = {.continues = true};
        enum outcome outcome = OUTCOME_DONE;

        while (outcome == OUTCOME_DONE && reply.continues) {
                int result;

                switch (verb_next_reply(session, &reply, &result)) {
                case NEXT_REPLY:
                        outcome = show_reply(session, known, &reply, colour);
                        break;
                case NEXT_READER_GONE:
                        return OUTCOME_DONE;
                case NEXT_BROKEN:
                        return session_broken(session, result);
                }
        }
        return outcome;
}

static enum outcome run(struct session *session)
{
        enum outcome outcome = queue_watch(session);
        struct json_object *known = json_object_new_object();

        if (outcome == OUTCOME_DONE)
                outcome = follow(session, known);
        json_object_put(known);
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
