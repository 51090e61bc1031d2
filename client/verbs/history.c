/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include <json-c/json.h>

#include "client/lib/svcbroker.h"
#include "client/say/member.h"
#include "client/say/past.h"
#include "client/talk/names.h"
#include "client/talk/select.h"
#include "client/text/document.h"
#include "client/verbs/verb.h"

/* How many events are shown when nobody says how many. */
#define EVENTS_SHOWN 50
#define EVENTS_BEFORE_FOLLOWING 10

static enum outcome make_parameters(struct session *session, struct json_object **parameters)
{
        const struct options *options = session->options;
        struct json_object *names, *made = json_object_new_object();
        enum outcome outcome;
        int lines = options->lines;

        *parameters = NULL;
        if (options->words_count > 0 || select_is_asked(options)) {
                outcome = names_resolve(session, &names);
                if (!names) {
                        json_object_put(made);
                        return outcome;
                }
                json_object_object_add(made, "names", names);
        }
        if (options->since_usec != OPTIONS_NO_SINCE)
                json_object_object_add(
                        made, "since_usec",
                        json_object_new_int64(options->since_usec > 0 ? options->since_usec : 0));
        else if (lines == OPTIONS_NO_LINES)
                lines = options->follow ? EVENTS_BEFORE_FOLLOWING : EVENTS_SHOWN;
        if (lines != OPTIONS_NO_LINES)
                json_object_object_add(made, "count", json_object_new_int(lines));
        if (options->follow)
                json_object_object_add(made, "follow", json_object_new_boolean(true));
        *parameters = made;
        return OUTCOME_DONE;
}

/* Returns what an error is about: most likely a name. */
static const char *subject_of(const struct session *session)
{
        return session->options->words_count == 1 ? session->options->words[0] : "history";
}

static void show_events(const struct session *session, struct json_object *events)
{
        struct look look;

        look_init(&look);
        for (size_t i = 0; events && i < json_object_array_length(events); i++) {
                struct json_object *event = json_object_array_get_idx(events, i);

                if (session->options->json)
                        document_write(event);
                else
                        past_show(event, &look);
        }
}

static enum outcome show_once(struct session *session, struct json_object *parameters)
{
        struct answer answer;
        enum outcome outcome =
                session_gather(session, "History", parameters, "events", subject_of(session), &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        if (session->options->json)
                document_write(answer.parameters);
        else
                show_events(session, member_array(answer.parameters, "events"));
        answer_deinit(&answer);
        return OUTCOME_DONE;
}

static void take_events(void *context, struct json_object *parameters)
{
        show_events(context, member_array(parameters, "events"));
}

static enum outcome follow(struct session *session, struct json_object *parameters)
{
        enum outcome outcome = session_queue(session, "History", parameters, SVCBROKER_MORE);

        if (outcome != OUTCOME_DONE)
                return outcome;
        return verb_follow(session, subject_of(session), take_events, session);
}

static enum outcome run(struct session *session)
{
        struct json_object *parameters;
        enum outcome outcome = make_parameters(session, &parameters);

        if (outcome != OUTCOME_DONE)
                return outcome;
        return session->options->follow ? follow(session, parameters) : show_once(session, parameters);
}

const struct verb verb_history = {
        .name = "history",
        .usage = "[NAME]...",
        .summary = "tell who ordered what, what ended, and how",
        .options = OPTIONS_SELECT | OPTION_FOLLOW | OPTION_LINES | OPTION_SINCE,
        .patterns = true,
        .words_max = WORDS_ANY,
        .run = run,
};
