#include "client/verbs/verb.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/say/member.h"

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
