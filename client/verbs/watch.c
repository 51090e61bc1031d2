/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include <json-c/json.h>

#include "client/lib/svcbroker.h"
#include "client/say/member.h"
#include "client/say/show.h"
#include "client/talk/names.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/verbs/verb.h"

static enum outcome queue_watch(struct session *session)
{
        struct json_object *parameters = NULL;

        if (session->options->words_count > 0) {
                struct json_object *names;
                enum outcome outcome = names_resolve(session, &names);

                if (outcome != OUTCOME_DONE)
                        return outcome;
                parameters = json_object_new_object();
                json_object_object_add(parameters, "names", names);
        }
        return session_queue(session, "Watch", parameters, SVCBROKER_MORE);
}

static enum outcome show_reply(struct session *session, const struct svcbroker_reply *reply, bool colour)
{
        struct answer answer = {.error = reply->error, .parameters = json_tokener_parse(reply->parameters)};
        const char *event = member_string(answer.parameters, "event");
        enum outcome outcome = OUTCOME_DONE;

        if (answer.error)
                outcome = session_refused(session, &answer, "watch");
        else if (session->options->json)
                document_write(answer.parameters);
        else
                show_event(event ? event : "", member_object(answer.parameters, "service"), colour);
        answer_deinit(&answer);
        return outcome;
}

static enum outcome run(struct session *session)
{
        bool colour = look_colour();
        enum outcome outcome = queue_watch(session);
        struct svcbroker_reply reply = {.continues = true};

        while (outcome == OUTCOME_DONE && reply.continues) {
                int result;

                switch (verb_next_reply(session, &reply, &result)) {
                case NEXT_REPLY:
                        outcome = show_reply(session, &reply, colour);
                        break;
                case NEXT_READER_GONE:
                        return OUTCOME_DONE;
                case NEXT_BROKEN:
                        return session_broken(session, result);
                }
        }
        return outcome;
}

const struct verb verb_watch = {
        .name = "watch",
        .usage = "[NAME]...",
        .summary = "print a line for each change, until interrupted",
        .options = OPTION_PROFILE,
        .words_max = WORDS_ANY,
        .run = run,
};
