#include <errno.h>
#include <stdio.h>

#include <json-c/json.h>

#include "client/lib/svcbroker.h"
#include "client/say/member.h"
#include "client/say/show.h"
#include "client/talk/names.h"
#include "client/terminal/look.h"
#include "client/terminal/output.h"
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

enum next { NEXT_REPLY, NEXT_READER_GONE, NEXT_BROKEN };

/* Receives the next event. A reader of stdout that goes away ends the watch at once, not only at the next
 * change. */
static enum next next_reply(struct session *session, struct svcbroker_reply *reply, int *result)
{
        for (;;) {
                *result = svcbroker_receive(session->connection, 0, reply);
                if (*result == 0)
                        return NEXT_REPLY;
                if (*result != -ETIMEDOUT)
                        return NEXT_BROKEN;
                /* All that came is shown before the wait. */
                if (!output_flush() || ferror(stdout))
                        return NEXT_READER_GONE;
                if (session_pause(session, -1) == -EPIPE)
                        return NEXT_READER_GONE;
        }
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

                switch (next_reply(session, &reply, &result)) {
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
