/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include <json-c/json.h>

#include "client/lib/svcbroker.h"
#include "client/text/document.h"
#include "client/verbs/verb.h"

/* Queues the call. The parameters go out as they were written, so that the broker judges them. */
static enum outcome queue_call(struct session *session)
{
        const struct options *options = session->options;
        const char *parameters = options->words_count > 1 ? options->words[1] : NULL;
        unsigned flags = (options->more ? SVCBROKER_MORE : 0) | (options->oneway ? SVCBROKER_ONEWAY : 0);
        int result = session_queue_text(session, options->words[0], parameters, flags);

        if (result == -EINVAL) {
                failure_print(options->words[0],
                              "is not a method's name, or what follows it is not a JSON object",
                              "write it like call Status '{\"name\":\"gateway-coder\"}'");
                return OUTCOME_USAGE;
        }
        return result < 0 ? session_broken(session, result) : OUTCOME_DONE;
}

/*
 * Receives the next reply of a stream. A stream has its own pace, so without --timeout there is no time
 * limit. *unread: the reader of stdout went away, and with it the reason to wait.
 */
static enum outcome receive_streamed(struct session *session, struct answer *answer, bool *unread)
{
        int timeout_msec = session->options->timeout_msec;
        int result = session_take(session, 0, answer);

        if (result == -ETIMEDOUT) {
                result = session_pause(session, timeout_msec);
                *unread = result == -EPIPE;
                if (*unread)
                        return OUTCOME_DONE;
                if (result == 0)
                        result = session_take(session, timeout_msec, answer);
        }
        return result < 0 ? session_broken(session, result) : OUTCOME_DONE;
}

static enum outcome run(struct session *session)
{
        const struct options *options = session->options;
        enum outcome outcome = queue_call(session);
        struct answer answer = {.continues = true};

        if (outcome == OUTCOME_DONE && options->oneway) {
                int result = svcbroker_flush(session->connection, session_patience(session));

                return result < 0 ? session_broken(session, result) : OUTCOME_DONE;
        }
        while (outcome == OUTCOME_DONE && answer.continues) {
                bool unread = false;

                if (options->more)
                        outcome = receive_streamed(session, &answer, &unread);
                else
                        outcome = session_receive(session, session_patience(session), &answer);
                if (outcome != OUTCOME_DONE || unread)
                        break;
                if (answer.error)
                        outcome = session_refused(session, &answer, options->words[0]);
                else if (options->json || options->more)
                        document_write(answer.parameters);
                else
                        document_write_pretty(answer.parameters);
                if (answer.continues)
                        fflush(stdout);
                answer_deinit(&answer);
                if (ferror(stdout))
                        break;
        }
        return outcome;
}

const struct verb verb_call = {
        .name = "call",
        .usage = "METHOD [JSON]",
        .summary = "call any method of io.svcbroker(7)",
        .options = OPTION_MORE | OPTION_ONEWAY,
        .words_min = 1,
        .words_max = 2,
        .missing = "give a METHOD, like List or org.varlink.service.GetInfo",
        .run = run,
};
