/* SPDX-License-Identifier: ISC */
/* The actor that runs a scenario: a client of root's or the client user's, and somebody with a hand in the world. */
#include "scenario.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clients.h"
#include "core.h"

#define AGAIN_USEC INT64_C(50000)
#define PATIENCE_USEC INT64_C(900000000) /* virtual */
#define REPLY_BYTES 262144

enum phase { PHASE_STEPS, PHASE_ENDS, PHASE_OVER };

static struct scenario {
        enum phase phase;
        unsigned at; /* step, then profile */
        bool sent;
        int64_t next_usec, until_usec;
        char result[SCENARIO_RESULT_BYTES];
} * state;

static struct json_object *scenario; /* chosen before all lives */

static int peer = -1;
static bool peer_is_root;
static char reply[REPLY_BYTES];
static size_t reply_length;

void scenario_choose(struct json_object *chosen)
{
        scenario = chosen;
}

static void init(void)
{
        state = sim_alloc(sizeof(*state));
        state->next_usec = sim_now_usec();
        state->until_usec = sim_now_usec() + PATIENCE_USEC;
}

static struct json_object *get(struct json_object *from, const char *name)
{
        struct json_object *value;

        return json_object_object_get_ex(from, name, &value) ? value : NULL;
}

static void disconnect(void)
{
        if (peer >= 0)
                close(peer);
        peer = -1;
        state->sent = false;
}

static bool connect_as(bool root)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        if (peer >= 0 && peer_is_root == root)
                return true;
        disconnect();
        if (!sim_broker_is_ready())
                return false;
        snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", sim_directory,
                 SIM_SOCKET);
        peer_is_root = root;
        peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (peer >= 0 && connect(peer, (struct sockaddr *)&address, sizeof(address)) == 0)
                return true;
        disconnect();
        return false;
}

static bool identity(int fd, struct ucred *credentials)
{
        unsigned id = peer_is_root ? 0 : CLIENTS_UID;

        (void)fd;
        *credentials = (struct ucred){.pid = 40000, .uid = id, .gid = id};
        return true;
}

static void on_log(const char *line)
{
        (void)line;
}

static void on_path(const char *path)
{
        (void)path;
}

static void later(void)
{
        SIM_HOLDS(sim_now_usec() < state->until_usec, "scenario", "step %u does not come about: %s",
                  state->at + 1,
                  json_object_to_json_string(
                          state->phase == PHASE_STEPS
                                  ? json_object_array_get_idx(get(scenario, "steps"), state->at)
                                  : NULL));
        state->next_usec = sim_now_usec() + AGAIN_USEC;
}

static void next(void)
{
        state->at++;
        state->sent = false;
        state->next_usec = sim_now_usec();
        state->until_usec = sim_now_usec() + PATIENCE_USEC;
}

/* The reply, once it is whole; the caller's to put. */
static struct json_object *receive(void)
{
        ssize_t length = recv(peer, reply + reply_length, sizeof(reply) - reply_length - 1, MSG_DONTWAIT);
        struct json_object *found;
        char *end;

        if (length == 0 || (length < 0 && errno != EAGAIN)) {
                disconnect();
                later();
                return NULL;
        }
        if (length < 0)
                return NULL;
        reply_length += (size_t)length;
        end = memchr(reply, '\0', reply_length);
        if (!end)
                return NULL;
        found = json_tokener_parse(reply);
        reply_length = 0;
        state->sent = false;
        return found;
}

/* The answer to a call, once there is one. */
static struct json_object *ask(const char *method, struct json_object *parameters, bool root)
{
        char text[8192];
        int length;

        if (state->sent && peer >= 0)
                return receive();
        if (!connect_as(root)) {
                later();
                return NULL;
        }
        length = snprintf(text, sizeof(text), "{\"method\":\"io.svcbroker.%s\",\"parameters\":%s}", method,
                          json_object_to_json_string_ext(parameters, JSON_C_TO_STRING_PLAIN));
        sim_trace("scenario: %s", text);
        if (send(peer, text, (size_t)length + 1, MSG_NOSIGNAL) != length + 1) {
                disconnect();
                later();
                return NULL;
        }
        reply_length = 0;
        state->sent = true;
        state->next_usec = SIM_NEVER;
        return NULL;
}

static bool has_all(struct json_object *found, struct json_object *wanted)
{
        struct json_object *value;

        if (!wanted || json_object_get_type(wanted) != json_type_object)
                return json_object_equal(found, wanted);
        json_object_object_foreach(wanted, name,
                                   expected) if (!(json_object_object_get_ex(found, name, &value)
                                                           ? has_all(value, expected)
                                                           : !expected)) return false;
        return true;
}

static const char *error_of(struct json_object *answer)
{
        const char *name = json_object_get_string(get(answer, "error"));

        return name ? strrchr(name, '.') + 1 : "none";
}

/* {"Start": {...}, "as": "root", "error": "Failed"} */
static void call(struct json_object *step, const char *method, struct json_object *parameters)
{
        struct json_object *adapted = scenario_adapt(parameters);
        const char *as = json_object_get_string(get(step, "as"));
        const char *error = json_object_get_string(get(step, "error"));
        struct json_object *answer = ask(method, adapted, as && strcmp(as, "root") == 0);

        json_object_put(adapted);
        if (!answer)
                return;
        SIM_HOLDS(strcmp(error_of(answer), error ? error : "none") == 0, "scenario",
                  "step %u: %s is answered %s", state->at + 1, method, json_object_to_json_string(answer));
        json_object_put(answer);
        next();
}

/* {"until": {"name": "gateway-@a", ...}}: what Status says has all of that. */
static void until(struct json_object *wanted)
{
        struct json_object *adapted = scenario_adapt(wanted), *parameters = json_object_new_object();
        struct json_object *answer;

        json_object_object_add(parameters, "name", json_object_get(get(adapted, "name")));
        answer = ask("Status", parameters, true);
        json_object_put(parameters);
        if (answer) {
                if (has_all(get(get(answer, "parameters"), "service"), adapted))
                        next();
                else
                        later();
                if (state->next_usec > sim_now_usec() && sim_now_usec() + AGAIN_USEC > state->until_usec)
                        sim_trace("scenario: %s", json_object_to_json_string(answer));
        }
        json_object_put(answer);
        json_object_put(adapted);
}

static void do_step(struct json_object *step)
{
        unsigned at = state->at;
        int64_t until_usec = state->until_usec;

        json_object_object_foreach(step, name, value)
        {
                if (*name >= 'A' && *name <= 'Z') {
                        call(step, name, value);
                        return;
                }
                if (strcmp(name, "until") == 0) {
                        until(value);
                        return;
                }
        }
        sim_trace("scenario: step %u: %s", at + 1,
                  json_object_to_json_string_ext(step, JSON_C_TO_STRING_PLAIN));
        next(); /* it may end this life */
        switch (scenario_do(step)) {
        case DEED_DONE:
                return;
        case DEED_NOT_YET:
                state->at = at;
                state->until_usec = until_usec;
                later();
                return;
        case DEED_UNKNOWN:
                sim_violation("scenario", "step %u is not known: %s", at + 1,
                              json_object_to_json_string(step));
        }
}

/* What a person is told of it, without what two runs of one thing can differ in. */
static void add_told(struct json_object *found, struct json_object *answer)
{
        static const char *const names[] = {"state", "want", "cause", "problem"};
        struct json_object *service = get(get(answer, "parameters"), "service"), *ended;

        if (!service) {
                json_object_object_add(found, "error", json_object_new_string(error_of(answer)));
                return;
        }
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
                json_object_object_add(found, names[i], json_object_get(get(service, names[i])));
        ended = get(service, "last_exit");
        json_object_object_add(found, "code", json_object_get(get(ended, "code")));
        json_object_object_add(found, "signal", json_object_get(get(ended, "signal")));
}

/* A logger that has just begun has not its directory at once. */
static bool is_looking(struct json_object *answer)
{
        const char *problem =
                json_object_get_string(get(get(get(answer, "parameters"), "service"), "problem"));

        return problem && strcmp(problem, "log") == 0;
}

static void end_one(struct json_object *profile)
{
        const char *named = json_object_get_string(profile);
        struct json_object *parameters = json_object_new_object(), *answer, *found;
        char name[128];

        if (!state->sent && !scenario_is_over(scenario_text(named))) {
                json_object_put(parameters);
                later();
                return;
        }
        snprintf(name, sizeof(name), "gateway-%s", scenario_text(named));
        json_object_object_add(parameters, "name", json_object_new_string(name));
        answer = ask("Status", parameters, true);
        json_object_put(parameters);
        if (!answer)
                return;
        if (is_looking(answer)) {
                json_object_put(answer);
                later();
                return;
        }
        found = json_object_new_object();
        add_told(found, answer);
        scenario_look(scenario_text(named), found);
        snprintf(state->result + strlen(state->result), sizeof(state->result) - strlen(state->result),
                 "%s\"%s\":%s", state->at ? "," : "{", named,
                 json_object_to_json_string_ext(found, JSON_C_TO_STRING_PLAIN));
        json_object_put(found);
        json_object_put(answer);
        next();
}

static void end(void)
{
        state->phase = PHASE_OVER;
        state->next_usec = SIM_NEVER;
        disconnect();
        printf("%s}\n", state->result);
        fflush(stdout);
        core->is_over = true;
        sim_broker_terminate();
}

static void step(void)
{
        struct json_object *steps = get(scenario, "steps"), *profiles = get(scenario, "profiles");

        if (state->phase == PHASE_STEPS && state->at == 0 && !sim_broker_is_ready()) {
                later(); /* its boot is no part of it */
        } else if (state->phase == PHASE_STEPS && state->at < json_object_array_length(steps)) {
                do_step(json_object_array_get_idx(steps, state->at));
        } else if (state->phase == PHASE_STEPS) {
                state->phase = PHASE_ENDS;
                state->at = 0;
        } else if (state->phase == PHASE_ENDS && state->at < json_object_array_length(profiles)) {
                end_one(json_object_array_get_idx(profiles, state->at));
        } else if (state->phase == PHASE_ENDS) {
                end();
        }
}

static int64_t due_usec(void)
{
        struct pollfd polled = {.fd = peer, .events = POLLIN};

        if (state->phase == PHASE_OVER)
                return SIM_NEVER;
        if (!state->sent || peer < 0)
                return state->next_usec;
        return poll(&polled, 1, 0) > 0 ? sim_now_usec() : SIM_NEVER;
}

static void begin(void)
{
        peer = -1;
        state->sent = false;
        if (state->phase != PHASE_OVER)
                state->next_usec = sim_now_usec();
}

static void save(void)
{
        disconnect();
}

static const struct actor actor_scenario = {
        .name = "scenario", .init = init, .begin = begin, .save = save, .due_usec = due_usec, .step = step};

static const struct actor *const actors[] = {&actor_s6, &actor_scenario, &actor_faults, NULL};

const struct company company_of_scenario = {
        .actors = actors, .identity = identity, .on_log = on_log, .on_path = on_path};
