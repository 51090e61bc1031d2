#include <json-c/json.h>

#include "client/say/facts.h"
#include "client/say/member.h"
#include "client/say/page.h"
#include "client/say/why.h"
#include "client/talk/names.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/verbs/verb.h"

static void write_why(struct json_object *service, const struct look *look)
{
        struct json_object *document = json_object_new_object();
        struct facts facts;
        struct why why;

        facts_read(service, &facts);
        json_object_object_add(document, "service", json_object_get(service));
        if (why_init(&why, &facts, look->now_usec, PRINTABLE_BYTES)) {
                json_object_object_add(document, "happened", json_object_new_string(why.happened));
                json_object_object_add(document, "next", json_object_new_string(why.next));
                json_object_object_add(document, "advice", json_object_new_string(why.advice));
                why_deinit(&why);
        }
        document_write(document);
        json_object_put(document);
}

static enum outcome run(struct session *session)
{
        struct json_object *service;
        struct answer answer;
        struct look look;
        enum outcome outcome = names_ask(session, session->options->words[0], &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        service = member_object(answer.parameters, "service");
        look_init(&look);
        if (session->options->json)
                write_why(service, &look);
        else
                verb_print(page_why_text(service, &look));
        answer_deinit(&answer);
        return OUTCOME_DONE;
}

const struct verb verb_why = {
        .name = "why",
        .usage = "NAME",
        .summary = "say what happened, what comes next, and what to do",
        .options = OPTION_PROFILE,
        .words_min = 1,
        .words_max = 1,
        .missing = "give a NAME",
        .run = run,
};
