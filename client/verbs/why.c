/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include <json-c/json.h>

#include "client/say/facts.h"
#include "client/say/member.h"
#include "client/say/page.h"
#include "client/say/past.h"
#include "client/say/why.h"
#include "client/talk/names.h"
#include "client/talk/select.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/text/wrap.h"
#include "client/verbs/verb.h"

#define HOURS 24
#define USEC_PER_HOUR (INT64_C(3600) * 1000 * 1000)

/* Asks how often the service ended in the last day without an order, as past_ends() says it; "": never, or
 * the broker is too old to say. buffer: PAST_TEXT_BYTES. */
static const char *ask_ends(struct session *session, struct json_object *service, const struct look *look,
                            char *buffer)
{
        struct json_object *parameters = json_object_new_object(), *names = json_object_new_array();
        const char *name = member_string(service, "name");
        struct answer answer = {0};

        json_object_array_add(names, json_object_new_string(name ? name : ""));
        json_object_object_add(parameters, "names", names);
        json_object_object_add(parameters, "since_usec",
                               json_object_new_int64(look->now_usec - HOURS * USEC_PER_HOUR));
        buffer[0] = '\0';
        if (session_try(session, "History", parameters, "events", session_patience(session), &answer))
                past_ends(member_array(answer.parameters, "events"), HOURS, buffer);
        answer_deinit(&answer);
        return buffer;
}

static void print_ends(const char *ends, const struct look *look)
{
        char line[PAST_TEXT_BYTES + 64];

        snprintf(line, sizeof(line), "It %s; 'svcctl history' tells more.", ends);
        if (*ends)
                wrap_print(stdout, line, look->printable, 0, 0, look->columns);
}

static struct json_object *why_document(struct json_object *service, const char *ends,
                                        const struct look *look)
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
        if (*ends)
                json_object_object_add(document, "past", json_object_new_string(ends));
        return document;
}

static void write_json(struct json_object *document)
{
        document_write(document);
        json_object_put(document);
}

static void print_why(struct json_object *service, const char *ends, const struct look *look)
{
        verb_print(page_why_text(service, look));
        print_ends(ends, look);
}

static enum outcome tell_one(struct session *session, const struct look *look)
{
        struct json_object *service;
        struct answer answer;
        char ends[PAST_TEXT_BYTES];
        enum outcome outcome = names_ask(session, session->options->words[0], &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        service = member_object(answer.parameters, "service");
        ask_ends(session, service, look, ends);
        if (session->options->json)
                write_json(why_document(service, ends, look));
        else
                print_why(service, ends, look);
        answer_deinit(&answer);
        return OUTCOME_DONE;
}

/* Tells of several services, one below the other, in the order of the list. */
static enum outcome tell_several(struct session *session, const struct look *look)
{
        struct json_object *services, *array = json_object_new_array(), *document = json_object_new_object();
        enum outcome outcome = select_services(session, &services);

        json_object_object_add(document, "services", array);
        for (size_t i = 0; services && i < json_object_array_length(services); i++) {
                struct json_object *service = json_object_array_get_idx(services, i);
                char ends[PAST_TEXT_BYTES];

                ask_ends(session, service, look, ends);
                if (session->options->json) {
                        json_object_array_add(array, why_document(service, ends, look));
                        continue;
                }
                if (i > 0)
                        putchar('\n');
                print_why(service, ends, look);
        }
        if (services && session->options->json)
                document_write(document);
        json_object_put(document);
        json_object_put(services);
        return outcome;
}

static enum outcome run(struct session *session)
{
        const struct options *options = session->options;
        struct look look;

        look_init(&look);
        return options->words_count > 1 || select_is_asked(options) ? tell_several(session, &look)
                                                                    : tell_one(session, &look);
}

const struct verb verb_why = {
        .name = "why",
        .usage = "NAME...",
        .summary = "say what happened, what comes next, and what to do",
        .options = OPTIONS_SELECT,
        .words_min = 1,
        .patterns = true,
        .words_max = WORDS_ANY,
        .missing = "give NAMEs",
        .run = run,
};
