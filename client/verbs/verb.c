/* SPDX-License-Identifier: ISC */
#include "client/verbs/verb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "client/lib/svcbroker.h"
#include "client/say/member.h"
#include "client/terminal/output.h"

void verb_print(char *text)
{
        if (text)
                fputs(text, stdout);
        else
                failure_memory();
        free(text);
}

void verb_tell_unpersisted(struct json_object *parameters, const char *subject, const char *next)
{
        const char *error = member_string(parameters, "persist_error");

        if (!error)
                return;
        fflush(stdout); /* what was printed comes first where both go to one file */
        failure_print(subject, error, next);
}

enum next { NEXT_REPLY, NEXT_READER_GONE, NEXT_BROKEN };

/* Waits for the next reply. With NEXT_BROKEN *result says why there is none. */
static enum next next_reply(struct session *session, struct svcbroker_reply *reply, int *result)
{
        for (;;) {
                *result = svcbroker_receive(session->connection, 0, reply);
                if (*result == 0)
                        return NEXT_REPLY;
                if (*result != -ETIMEDOUT)
                        return NEXT_BROKEN;
                /* All replies that came are shown before the wait. */
                if (!output_flush() || ferror(stdout))
                        return NEXT_READER_GONE;
                if (session_pause(session, -1) == -EPIPE)
                        return NEXT_READER_GONE;
        }
}

static enum outcome take_reply(struct session *session, const char *subject,
                               const struct svcbroker_reply *given, verb_reply *reply, void *context)
{
        struct answer answer = {.error = given->error, .parameters = json_tokener_parse(given->parameters)};
        enum outcome outcome = OUTCOME_DONE;

        if (answer.error)
                outcome = session_refused(session, &answer, subject);
        else
                reply(context, answer.parameters);
        answer_deinit(&answer);
        return outcome;
}

enum outcome verb_follow(struct session *session, const char *subject, verb_reply *reply, void *context)
{
        struct svcbroker_reply given = {.continues = true};
        enum outcome outcome = OUTCOME_DONE;

        while (outcome == OUTCOME_DONE && given.continues) {
                int result;

                switch (next_reply(session, &given, &result)) {
                case NEXT_REPLY:
                        outcome = take_reply(session, subject, &given, reply, context);
                        break;
                case NEXT_READER_GONE:
                        return OUTCOME_DONE;
                case NEXT_BROKEN:
                        return session_broken(session, result);
                }
        }
        return outcome;
}
