/* SPDX-License-Identifier: ISC */
#include "client.h"

#include <stdio.h>
#include <string.h>

#include "clients.h"
#include "profiles.h"
#include "s6.h"
#include "wants.h"

/* What the broker says, held against what it was asked. */

#define ERROR_PREFIX "io.svcbroker."
#define STANDARD_PREFIX "org.varlink.service."

/* A member that only replies of that method have. */
static const char *const reply_members[METHODS] = {
        [METHOD_INFO] = "vendor",      [METHOD_DESCRIPTION] = "description", [METHOD_LIST] = "services",
        [METHOD_STATUS] = "service",   [METHOD_START] = "outcomes",          [METHOD_STOP] = "outcomes",
        [METHOD_SIGNAL] = "outcomes",  [METHOD_RESTART] = "outcomes",        [METHOD_RESET] = "outcomes",
        [METHOD_REGISTER] = "created", [METHOD_UNREGISTER] = "removed",      [METHOD_RECONCILE] = "actions",
        [METHOD_WATCH] = "event",      [METHOD_HEALTH] = "healthy",          [METHOD_DIAGNOSE] = "checks",
        [METHOD_NONSENSE] = "-",
};

static const char *string_of(struct json_object *object, const char *name)
{
        struct json_object *member = NULL;

        return object && json_object_object_get_ex(object, name, &member) &&
                               json_object_is_type(member, json_type_string)
                       ? json_object_get_string(member)
                       : "";
}

static bool bool_of(const struct client *client, struct json_object *object, const char *name)
{
        struct json_object *member = NULL;

        SIM_HOLDS(json_object_object_get_ex(object, name, &member) &&
                          json_object_is_type(member, json_type_boolean),
                  "reply-form", "client %u: %s is missing", client->number, name);
        return json_object_get_boolean(member);
}

static bool is_own(const char *error, const char *name)
{
        return strncmp(error, ERROR_PREFIX, strlen(ERROR_PREFIX)) == 0 &&
               strcmp(error + strlen(ERROR_PREFIX), name) == 0;
}

/* Nothing was done, for certain. */
static bool is_refusal(const char *error)
{
        return strncmp(error, STANDARD_PREFIX, strlen(STANDARD_PREFIX)) == 0 ||
               is_own(error, "InvalidName") || is_own(error, "NoSuchService") || is_own(error, "Protected") ||
               is_own(error, "InvalidEnvironment") || is_own(error, "LimitExceeded");
}

/* What was ordered stands; only the waiting ended. */
static bool is_accepted(const char *error)
{
        return is_own(error, "WaitTimeout") || is_own(error, "Failed");
}

/* One that was sent with an escape comes back without. */
static bool is_named(const char *sent, const char *name)
{
        return strchr(sent, '\\') || strcmp(sent, name) == 0;
}

static unsigned wanted_by(const struct call_sent *call)
{
        if (call->method == METHOD_RESET || call->method == METHOD_SIGNAL)
                return WANT_KEPT;
        return call->method == METHOD_STOP ? WANT_DOWN : WANT_UP;
}

/* Whoever is told that a service has failed is told so of a run that has ended unasked since the order, or whose end has become known since: to
 * its s6-supervise, and where inotify is late, to the broker. */
static void check_failed(const struct client *client, const struct call_sent *call, const char *name)
{
        int64_t late_usec = sim_settings->faults & FAULT_INOTIFY ? INOTIFY_LATE_USEC : 0;
        int place = s6_find(name);

        SIM_HOLDS(place < 0 || !s6_profile((unsigned)place) ||
                          s6_crashes_since((unsigned)place, call->sent_usec) ||
                          s6_end_seen_since((unsigned)place, call->sent_usec - late_usec) ||
                          sim_settings->faults & FAULT_POWER,
                  "failed-has-failed",
                  "client %u: %s has failed, it is said, and nothing has ended by itself", client->number,
                  name);
}

/* error "": none. */
static void note_outcome(const struct client *client, struct call_sent *call, const char *name,
                         const char *error, bool persisted)
{
        unsigned want = wanted_by(call);

        if (is_own(error, "Failed"))
                check_failed(client, call, name);
        if (*error && is_refusal(error))
                wants_answered(call->change, name, WANTS_REFUSED, WANT_KEPT);
        else if (*error && !is_accepted(error)) /* a start may have made the slot of it */
                wants_answered(call->change, name, WANTS_UNCERTAIN,
                               want | WANT_KEPT | (call->method == METHOD_START ? WANT_DOWN : 0));
        else
                wants_answered(call->change, name, persisted ? WANTS_DONE : WANTS_ACCEPTED, want);
}

static void note_told(const struct client *client, struct call_sent *call, const char *name)
{
        for (unsigned i = 0; i < call->count; i++)
                if (!call->told[i] && is_named(call->names[i], name)) {
                        call->told[i] = true;
                        return;
                }
        SIM_HOLDS(call->all, "answered-once",
                  "client %u: an outcome of %s, which was not named, or is told again", client->number, name);
}

/* As its words go: a reply that says so says that it is so; unless somebody else's order came, or what may always come. */
static void check_waited(const struct client *client, const struct call_sent *call,
                         struct json_object *outcome)
{
        struct json_object *service = NULL;
        const char *state;

        if (!call->waits || !json_object_object_get_ex(outcome, "service", &service) ||
            *string_of(outcome, "error") || sim_settings->faults & (FAULT_GATEWAYS | FAULT_S6))
                return;
        state = string_of(service, "state");
        SIM_HOLDS(strcmp(string_of(service, "kind"), "gateway") != 0 ||
                          strcmp(state, call->method == METHOD_STOP ? "up" : "down") != 0 ||
                          sim_settings->faults & (FAULT_DESCRIPTORS | FAULT_MEMORY), /* OPEN */
                  "waited-for", "client %u: %s has come about, it is said, and it is %s", client->number,
                  string_of(service, "name"), state);
        if (!wants_is_last(call->change, string_of(outcome, "name")))
                return;
        SIM_HOLDS(call->method == METHOD_STOP || strcmp(string_of(service, "kind"), "gateway") != 0 ||
                          strcmp(state, "up") == 0,
                  "waited-for", "client %u: %s was waited for, and is %s", client->number,
                  string_of(service, "name"), state);
        SIM_HOLDS(call->method != METHOD_STOP || (strcmp(state, "up") != 0 && strcmp(state, "stopping") != 0),
                  "waited-for", "client %u: the end of %s was waited for, and it is %s", client->number,
                  string_of(service, "name"), state);
}

static void take_outcomes(struct client *client, struct call_sent *call, struct json_object *parameters)
{
        struct json_object *outcomes = NULL;

        json_object_object_get_ex(parameters, "outcomes", &outcomes);
        SIM_HOLDS(json_object_is_type(outcomes, json_type_array), "reply-form",
                  "client %u: no list of outcomes", client->number);
        for (size_t i = 0; i < json_object_array_length(outcomes); i++) {
                struct json_object *outcome = json_object_array_get_idx(outcomes, i);
                const char *name = string_of(outcome, "name");

                note_told(client, call, name);
                call->outcomes++;
                check_waited(client, call, outcome);
                note_outcome(client, call, name, string_of(outcome, "error"),
                             bool_of(client, outcome, "persisted"));
        }
}

static void check_all_told(const struct client *client, const struct call_sent *call)
{
        SIM_HOLDS(call->all || call->outcomes == call->count, "answered-once",
                  "client %u: %u outcomes of %u names", client->number, call->outcomes, call->count);
}

static bool is_order(enum call_kind method)
{
        return method == METHOD_START || method == METHOD_STOP || method == METHOD_RESTART ||
               method == METHOD_RESET || method == METHOD_SIGNAL;
}

static void take_actions(struct json_object *actions)
{
        for (size_t i = 0; i < json_object_array_length(actions); i++) {
                struct json_object *action = json_object_array_get_idx(actions, i);
                const char *what = string_of(action, "action");
                char name[CLIENT_NAME_BYTES];

                snprintf(name, sizeof(name), "gateway-%s", string_of(action, "profile"));
                if (strcmp(what, "registered") == 0 || strcmp(what, "started") == 0 ||
                    strcmp(what, "held") == 0)
                        wants_found(name);
                SIM_HOLDS(strcmp(what, "removed") != 0 || !profile_is_there(string_of(action, "profile")) ||
                                  !profile_is_settled(string_of(action, "profile")),
                          "removed-is-gone", "%s is removed, and its profile is there", name);
        }
}

/* Whose time is over is told so only of what has not come about. One that somebody has stopped (SIGSTOP) has not, and is up. */
static void check_not_there(const struct client *client, const struct call_sent *call,
                            struct json_object *parameters)
{
        struct json_object *service = NULL;

        json_object_object_get_ex(parameters, "service", &service);
        SIM_HOLDS(call->method != METHOD_START || strcmp(string_of(service, "state"), "up") != 0 ||
                          sim_settings->faults & FAULT_GATEWAYS,
                  "waited-for", "client %u: %s is up, and its waiting ended for want of time", client->number,
                  string_of(service, "name"));
}

/* Something that the broker cannot do without fails in this run, or is late. */
static bool may_lack_something(void)
{
        return sim_settings->faults & ~(unsigned)(FAULT_KILL | FAULT_CLIENTS | FAULT_GATEWAYS) ||
               sim_habit(HABIT_SLOW_S6 | HABIT_PATHS);
}

static void take_error(struct client *client, struct call_sent *call, const char *error,
                       struct json_object *parameters)
{
        const char *name = string_of(parameters, "name");

        SIM_HOLDS(strncmp(error, ERROR_PREFIX, strlen(ERROR_PREFIX)) == 0 ||
                          strncmp(error, STANDARD_PREFIX, strlen(STANDARD_PREFIX)) == 0,
                  "reply-form", "client %u: an error %s", client->number, error);
        SIM_HOLDS(call->method != METHOD_STATUS || call->wrong || !*name || is_named(call->names[0], name),
                  "in-order", "client %u: asked for %s, told of %s", client->number, call->names[0], name);
        SIM_HOLDS(call->method != METHOD_REGISTER || !is_own(error, "SystemError") || may_lack_something(),
                  "no-fault-no-error", "client %u: Register has failed, and nothing is wrong: %s",
                  client->number, parameters ? json_object_to_json_string(parameters) : "");
        if (is_own(error, "WaitTimeout"))
                check_not_there(client, call, parameters);
        if (is_order(call->method) && call->count == 1 && !call->more && !call->wrong)
                note_outcome(client, call, call->names[0], error, false);
        else if (call->method == METHOD_REGISTER && !is_refusal(error))
                wants_registered(call->change, call->names[0], WANTS_UNCERTAIN, false, false);
        else if (call->method == METHOD_UNREGISTER && !is_refusal(error))
                wants_answered(call->change, call->names[0], WANTS_UNCERTAIN, WANT_NOTHING | WANT_KEPT);
}

static void take_parameters(struct client *client, struct call_sent *call, struct json_object *parameters,
                            bool continues)
{
        struct json_object *member = NULL;

        SIM_HOLDS(json_object_object_get_ex(parameters, reply_members[call->method], &member), "in-order",
                  "client %u: the answer to another call than %d: %s", client->number, (int)call->method,
                  json_object_to_json_string(parameters));
        SIM_HOLDS(!call->wrong, "refused-what-is-wrong", "client %u: a wrong call was done: %s",
                  client->number, json_object_to_json_string(parameters));
        if (is_order(call->method)) {
                take_outcomes(client, call, parameters);
                if (!continues)
                        check_all_told(client, call);
        } else if (call->method == METHOD_STATUS) {
                SIM_HOLDS(strcmp(string_of(member, "name"), call->names[0]) == 0, "in-order",
                          "client %u: asked for %s, told of %s", client->number, call->names[0],
                          string_of(member, "name"));
        } else if (call->method == METHOD_REGISTER) {
                wants_registered(call->change, call->names[0],
                                 bool_of(client, parameters, "persisted") ? WANTS_DONE : WANTS_ACCEPTED,
                                 json_object_get_boolean(member), bool_of(client, parameters, "changed"));
        } else if (call->method == METHOD_UNREGISTER) {
                bool persisted = bool_of(client, parameters, "persisted");

                wants_answered(call->change, call->names[0], persisted ? WANTS_DONE : WANTS_ACCEPTED,
                               WANT_NOTHING);
        } else if (call->method == METHOD_RECONCILE && !call->dry) {
                take_actions(member);
        } else if (call->method == METHOD_WATCH) {
                client_take_event(client, parameters);
        }
        if (client->asker)
                client_take_answer(client, call, parameters, continues);
}

/* A word to a connection that is closed with it, before it was asked for anything. */
static bool is_turned_away(const struct client *client, const char *error, struct json_object *parameters)
{
        return client->sent == client->made && is_own(error, "LimitExceeded") &&
               strncmp(string_of(parameters, "limit"), "connections", 11) == 0;
}

static void take_reply(struct client *client, const char *error, struct json_object *parameters,
                       bool continues)
{
        struct call_sent *call = client_first(client);

        if (*error && (is_turned_away(client, error, parameters) || (call && call->fatal && !call->whole))) {
                client->refused = true;
                return;
        }
        SIM_HOLDS(call && call->whole && !client->refused, "answered-once",
                  "client %u: a reply that no call is left for: %s %s", client->number, error,
                  parameters ? json_object_to_json_string(parameters) : "");
        SIM_HOLDS(!continues || (call->more && !*error), "answered-once",
                  "client %u: more than was asked for", client->number);
        call->replies++;
        if (*error)
                take_error(client, call, error, parameters);
        else
                take_parameters(client, call, parameters, continues);
        if (call->fatal || (*error && client->uid == CLIENTS_NOBODY)) {
                SIM_HOLDS(*error, "refused-what-is-wrong", "client %u: nonsense was done", client->number);
                client->refused = true;
        }
        if (call->method == METHOD_WATCH && continues)
                client->watches = true;
        if (!continues)
                client_answered(client);
}

void client_take_message(struct client *client, const char *message, size_t length)
{
        struct json_object *reply = json_tokener_parse(message);
        struct json_object *parameters = NULL, *continues = NULL;
        const char *error = string_of(reply, "error");

        SIM_HOLDS(reply && json_object_is_type(reply, json_type_object), "reply-form",
                  "client %u: no JSON object: %.200s", client->number, message);
        sim_trace("client %u: answered %.*s", client->number, length > 160 ? 160 : (int)length, message);
        json_object_object_get_ex(reply, "parameters", &parameters);
        json_object_object_get_ex(reply, "continues", &continues);
        SIM_HOLDS(json_object_is_type(parameters, json_type_object), "reply-form",
                  "client %u: no parameters: %.200s", client->number, message);
        take_reply(client, error, parameters, continues && json_object_get_boolean(continues));
        json_object_put(reply);
}
