#include "client/verbs.h"

#include <stdio.h>

#include <json-c/json.h>

#include "client/document.h"
#include "client/member.h"
#include "client/names.h"
#include "client/options.h"
#include "client/session.h"
#include "client/show.h"

enum outcome verb_list(struct session *session)
{
        struct answer answer;
        enum outcome outcome = session_ask(session, "List", NULL, session_patience(session), &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        if (answer.error)
                outcome = session_refused(session, &answer, "list");
        else if (session->options->json)
                document_write(answer.parameters);
        else if (member_array(answer.parameters, "services"))
                show_services(stdout, member_array(answer.parameters, "services"), show_colour());
        answer_deinit(&answer);
        return outcome;
}

enum outcome verb_status(struct session *session)
{
        const struct options *options = session->options;
        struct json_object *service;
        struct answer answer;
        enum outcome outcome;

        if (options->words_count == 0)
                return verb_list(session);
        outcome = names_ask_status(session, options->words[0], &answer);
        if (outcome != OUTCOME_DONE)
                return outcome;
        service = member_object(answer.parameters, "service");
        if (names_is_absent(&answer)) {
                outcome = names_refuse_absent(session, &answer, options->words[0]);
        } else if (answer.error) {
                outcome = session_refused(session, &answer, options->words[0]);
        } else {
                if (options->json)
                        document_write(answer.parameters);
                else
                        show_service(service, show_colour());
                outcome = show_is_running(service) ? OUTCOME_DONE : OUTCOME_NOT_RUNNING;
        }
        answer_deinit(&answer);
        return outcome;
}
