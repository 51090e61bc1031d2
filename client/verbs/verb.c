/* SPDX-License-Identifier: ISC */
#include "client/verbs/verb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

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
        fflush(stdout); /* before it, where both go to one file */
        failure_print(subject, error, next);
}

enum verb_next verb_next_reply(struct session *session, struct svcbroker_reply *reply, int *result)
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
