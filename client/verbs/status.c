#include "client/verbs/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "client/text/document.h"
#include "client/say/facts.h"
#include "client/log/logtail.h"
#include "client/terminal/look.h"
#include "client/say/member.h"
#include "client/talk/names.h"
#include "client/options.h"
#include "client/say/overview.h"
#include "client/say/page.h"
#include "client/talk/session.h"
#include "client/say/why.h"

/* Takes the text over. */
static void print(char *text)
{
        if (text)
                fputs(text, stdout);
        else
                failure_print("memory", "none left", "free some");
        free(text);
}

enum outcome verb_list(struct session *session)
{
        struct json_object *services;
        struct answer answer;
        struct look look;
        enum outcome outcome = session_gather(session, "List", NULL, "services", session_patience(session), &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        services = member_array(answer.parameters, "services");
        look_init(&look);
        if (answer.error)
                outcome = session_refused(session, &answer, "list");
        else if (session->options->json)
                document_write(answer.parameters);
        else if (services)
                print(overview_text(services, &look));
        answer_deinit(&answer);
        return outcome;
}

/* Asks for the one that the first word means, and tells what goes wrong. answer_deinit() is due only after
 * OUTCOME_DONE. */
static enum outcome ask(struct session *session, struct answer *answer)
{
        const char *word = session->options->words[0];
        enum outcome outcome = names_ask_status(session, word, answer);

        if (outcome != OUTCOME_DONE || !answer->error)
                return outcome;
        if (names_is_absent(answer))
                outcome = names_refuse_absent(session, answer, word);
        else
                outcome = session_refused(session, answer, word);
        answer_deinit(answer);
        return outcome;
}

static void show_page(struct json_object *service, const struct facts *facts, const struct look *look)
{
        struct logtail tail;
        int result;

        print(page_text(service, look));
        if (!facts->log_directory)
                return;
        result = logtail_init(&tail, facts->log_directory, look_printable());
        putchar('\n');
        if (result < 0) {
                puts(page_log_problem(result));
                return;
        }
        if (tail.count > 0 && facts->log_problem)
                printf("what it prints now goes to the container's log only; 'svcctl logs %s' shows older "
                       "lines\n",
                       facts->name);
        else if (tail.count > 0)
                print(page_log_text(&tail, look));
        else
                puts(page_log_problem(-ENOENT));
        logtail_deinit(&tail);
}

enum outcome verb_status(struct session *session)
{
        struct answer answer;
        struct facts facts;
        struct look look;
        enum outcome outcome;

        if (session->options->words_count == 0)
                return verb_list(session);
        outcome = ask(session, &answer);
        if (outcome != OUTCOME_DONE)
                return outcome;
        look_init(&look);
        facts_read(member_object(answer.parameters, "service"), &facts);
        if (session->options->json)
                document_write(answer.parameters);
        else
                show_page(member_object(answer.parameters, "service"), &facts, &look);
        outcome = facts.state->running ? OUTCOME_DONE : OUTCOME_NOT_RUNNING;
        answer_deinit(&answer);
        return outcome;
}

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

enum outcome verb_why(struct session *session)
{
        struct answer answer;
        struct look look;
        enum outcome outcome = ask(session, &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        look_init(&look);
        if (session->options->json)
                write_why(member_object(answer.parameters, "service"), &look);
        else
                print(page_why_text(member_object(answer.parameters, "service"), &look));
        answer_deinit(&answer);
        return OUTCOME_DONE;
}
