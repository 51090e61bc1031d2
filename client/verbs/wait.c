/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/lib/clock.h"
#include "client/say/facts.h"
#include "client/say/member.h"
#include "client/say/show.h"
#include "client/talk/feed.h"
#include "client/talk/names.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/text/duration.h"
#include "client/text/tint.h"
#include "client/verbs/verb.h"
#include "proto/limits.h"

/* A wait that orders nothing. */
struct await {
        struct session *session;
        const char *goal;
        struct json_object *names;   /* services that are still waited for: name to null */
        struct json_object *reached; /* services that have reached the goal, an array */
        enum outcome outcome;
};

static struct json_object *find(struct json_object *services, const char *name)
{
        for (size_t i = 0; services && i < json_object_array_length(services); i++)
                if (member_is(json_object_array_get_idx(services, i), "name", name))
                        return json_object_array_get_idx(services, i);
        return NULL;
}

/* Whether a service has reached the goal. service NULL: there is no such service. */
static bool is_reached(const char *goal, struct json_object *service)
{
        enum state_kind kind = state_of(service)->kind;

        if (!service || strcmp(goal, "gone") == 0)
                return !service && (strcmp(goal, "gone") == 0 || strcmp(goal, "down") == 0);
        if (strcmp(goal, "down") == 0)
                return kind == STATE_DOWN;
        if (strcmp(goal, "failed") == 0)
                return kind == STATE_FAILED;
        return kind == STATE_UP || kind == STATE_SERVED;
}

/* Whether waiting is of no use: a failed or held service does not come up by itself, but only when somebody
 * starts it. */
static bool is_hopeless(const char *goal, struct json_object *service)
{
        enum state_kind kind = state_of(service)->kind;

        return (strcmp(goal, "up") == 0 || strcmp(goal, "ready") == 0) &&
               (kind == STATE_FAILED || kind == STATE_HELD);
}

static void tell_reached(struct await *await, const char *name, struct json_object *service)
{
        const char *state = service ? show_state(service) : "gone";

        if (service)
                json_object_array_add(await->reached, json_object_get(service));
        if (await->session->options->json)
                return;
        tint_print(stdout, name, look_printable(), TINT_PLAIN, false);
        printf("  %s\n", state ? state : "unknown");
        fflush(stdout);
}

static void tell_hopeless(struct await *await, const char *name, struct json_object *service)
{
        const char *reason = member_string(service, "reason"), *state = show_state(service);
        char *what = NULL;

        if (asprintf(&what, "%s: %s", state ? state : "unknown",
                     reason ? reason : "it does not start by itself") < 0)
                what = NULL;
        failure_print(name, what ? what : "held", "'svcctl why' tells more");
        free(what);
        await->outcome = failure_worse(await->outcome, OUTCOME_HELD);
}

/* Looks which services have reached the goal. absence: a service that is not in the array is gone, not just
 * not told yet. */
static void look(struct await *await, struct json_object *services, bool absence)
{
        struct json_object *left = json_object_new_object();

        json_object_object_foreach(await->names, name, none)
        {
                struct json_object *service = find(services, name);
                bool known = service || absence;

                (void)none;
                if (known && is_reached(await->goal, service))
                        tell_reached(await, name, service);
                else if (service && is_hopeless(await->goal, service))
                        tell_hopeless(await, name, service);
                else
                        json_object_object_add(left, name, NULL);
        }
        json_object_put(await->names);
        await->names = left;
}

static enum outcome tell_late(struct await *await, struct json_object *services, int64_t waited_msec)
{
        json_object_object_foreach(await->names, name, none)
        {
                const char *state = show_state(find(services, name));
                char what[96], waited[DURATION_TEXT_BYTES];

                (void)none;
                snprintf(what, sizeof(what), "still %s after %s", state ? state : "not there",
                         duration_format(waited_msec, waited));
                failure_print(name, what, "nothing was ordered; --timeout waits longer");
        }
        return failure_worse(await->outcome, OUTCOME_DEADLINE);
}

static struct json_object *watched(const struct await *await)
{
        struct json_object *parameters = json_object_new_object(), *names = json_object_new_array();

        json_object_object_foreach(await->names, name, none)
        {
                (void)none;
                json_object_array_add(names, json_object_new_string(name));
        }
        json_object_object_add(parameters, "names", names);
        return parameters;
}

static void pause_feed(const struct feed *feed, int64_t deadline_msec)
{
        int64_t next_msec = feed_next_msec(feed), now_msec = clock_now_msec();
        struct pollfd poll_fd = {.fd = feed_fd(feed), .events = POLLIN};

        if (deadline_msec < next_msec)
                next_msec = deadline_msec;
        if (next_msec > now_msec)
                poll(&poll_fd, 1, (int)(next_msec - now_msec));
}

static enum outcome follow(struct await *await, int64_t timeout_msec)
{
        int64_t begun_msec = clock_now_msec(), deadline_msec = begun_msec + timeout_msec;
        enum outcome outcome = OUTCOME_DONE;
        struct json_object *services;
        struct feed feed;

        feed_init(&feed, await->session, watched(await));
        for (;;) {
                feed_turn(&feed);
                services = roster_array(&feed.roster);
                look(await, services, feed.settled && feed.away_msec == FEED_NEVER_MSEC);
                if (feed_is_over(&feed) || json_object_object_length(await->names) == 0 ||
                    clock_now_msec() >= deadline_msec)
                        break;
                json_object_put(services);
                pause_feed(&feed, deadline_msec);
        }
        if (feed.refusal.error)
                outcome = session_refused(await->session, &feed.refusal, "wait");
        else if (feed.result < 0)
                outcome = session_broken(await->session, feed.result);
        else if (json_object_object_length(await->names) > 0)
                outcome = tell_late(await, services, clock_now_msec() - begun_msec);
        json_object_put(services);
        feed_deinit(&feed);
        return failure_worse(outcome, await->outcome);
}

/* Takes a first look at the list. A name without a service is refused, unless the goal is that it be gone. */
static enum outcome begin(struct await *await, struct json_object *names)
{
        struct json_object *services;
        struct answer answer;
        enum outcome outcome = session_gather(await->session, "List", NULL, "services", "wait", &answer);

        if (outcome != OUTCOME_DONE)
                return outcome;
        services = member_array(answer.parameters, "services");
        for (size_t i = 0; i < json_object_array_length(names); i++) {
                const char *name = json_object_get_string(json_object_array_get_idx(names, i));

                if (find(services, name) || strcmp(await->goal, "gone") == 0) {
                        json_object_object_add(await->names, name, NULL);
                        continue;
                }
                failure_print(name, "no service or profile is called that",
                              "'svcctl list' shows what there is");
                await->outcome = OUTCOME_NOT_REGISTERED;
        }
        look(await, services, true);
        answer_deinit(&answer);
        return OUTCOME_DONE;
}

static enum outcome run(struct session *session)
{
        const struct options *options = session->options;
        int timeout_msec =
                options->timeout_msec == OPTIONS_NO_TIMEOUT ? DEFAULT_WAIT_MSEC : options->timeout_msec;
        struct await await = {.session = session, .goal = options->until ? options->until : "up"};
        struct json_object *names, *document;
        enum outcome missing = names_resolve(session, &names), outcome;

        if (!names)
                return missing;
        document = json_object_new_object();
        await.names = json_object_new_object();
        await.reached = json_object_new_array();
        await.outcome = missing;
        json_object_object_add(document, "services", await.reached);
        outcome = begin(&await, names);
        if (outcome == OUTCOME_DONE && json_object_object_length(await.names) > 0)
                outcome = follow(&await, timeout_msec);
        if (options->json && outcome != OUTCOME_UNREACHABLE)
                document_write(document);
        json_object_put(document);
        json_object_put(await.names);
        json_object_put(names);
        return failure_worse(outcome, await.outcome);
}

const struct verb verb_wait = {
        .name = "wait",
        .usage = "NAME...",
        .summary = "order nothing, and wait for a state",
        .options = OPTIONS_SELECT | OPTION_FOR,
        .waits = WAIT_STATE,
        .patterns = true,
        .words_min = 1,
        .words_max = WORDS_ANY,
        .missing = "give NAMEs",
        .run = run,
};
