/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/methods/methods.h"
#include "daemon/methods/parameters.h"
#include "daemon/order/order.h"
#include "daemon/service/restart.h"
#include "daemon/session/audit.h"
#include "daemon/session/describe.h"
#include "daemon/session/errors.h"
#include "daemon/session/ticket.h"
#include "proto/interface.h"
#include "proto/sorted.h"

struct order_parameters {
        struct json_object *names;
        enum field_bool all;
        int wait;
        struct field_int timeout;
};

static const char *const wait_up[] = {"no", "up", NULL};
static const char *const wait_down[] = {"no", "down", NULL};

#define ORDER_FIELDS(choices)                                                                                \
        {                                                                                                    \
                {"names", FIELD_STRING_LIST, false, offsetof(struct order_parameters, names), NULL},         \
                        {"all", FIELD_BOOL, false, offsetof(struct order_parameters, all), NULL},            \
                        {"wait", FIELD_CHOICE, false, offsetof(struct order_parameters, wait), choices},     \
                        {"timeout_msec", FIELD_INT, false, offsetof(struct order_parameters, timeout),       \
                         NULL},                                                                              \
                        {NULL, FIELD_STRING, false, 0, NULL},                                                \
        }

static const struct field up_fields[] = ORDER_FIELDS(wait_up);
static const struct field down_fields[] = ORDER_FIELDS(wait_down);

bool orders_timeout(struct peer *peer, long long value, bool present, int64_t absent_msec,
                    int64_t *timeout_msec)
{
        *timeout_msec = present ? value : absent_msec;
        if (present && value < 0)
                errors_parameter(peer, "timeout_msec");
        else if (present && value > LIMIT_WAIT_MSEC)
                errors_limit(peer, "wait_msec", LIMIT_WAIT_MSEC);
        else
                return true;
        return false;
}

/* A restart of all is about those that are to run: what a person has stopped stays so. What the default
 * gateway serves is not to run at all. */
static bool is_of_all(const struct service *service, enum order_kind kind)
{
        if (!service->profile || (kind != ORDER_STOP && restart_is_served(service)))
                return false;
        return kind != ORDER_RESTART || service->record.want_up;
}

static const char **names_of_all(const struct registry *registry, enum order_kind kind, size_t *count)
{
        const char **names = reallocarray(NULL, registry->count + 1, sizeof(*names));

        *count = 0;
        for (size_t i = 0; names && i < registry->count; i++)
                if (is_of_all(registry->services[i], kind) &&
                    registry->services[i]->operation == OPERATION_NONE)
                        names[(*count)++] = registry->services[i]->name;
        return names;
}

static bool names_repeat(const char **names, size_t count)
{
        const char **sorted = reallocarray(NULL, count + 1, sizeof(*sorted));
        bool repeat = !sorted;

        if (sorted) {
                memcpy(sorted, names, count * sizeof(*names));
                qsort(sorted, count, sizeof(*sorted), sorted_compare_strings);
        }
        for (size_t i = 1; sorted && i < count; i++)
                repeat = repeat || strcmp(sorted[i - 1], sorted[i]) == 0;
        free(sorted);
        return repeat;
}

static const char **names_of_list(struct json_object *list, size_t *count)
{
        const char **names;

        *count = json_object_array_length(list);
        names = reallocarray(NULL, *count + 1, sizeof(*names));
        for (size_t i = 0; names && i < *count; i++)
                names[i] = json_object_get_string(json_object_array_get_idx(list, i));
        return names;
}

static const char *method_name(enum order_kind kind)
{
        switch (kind) {
        case ORDER_START:
                return "Start";
        case ORDER_STOP:
                return "Stop";
        case ORDER_RESTART:
                return "Restart";
        case ORDER_RESET:
                break;
        }
        return "Reset";
}

static void order_names(struct peer *peer, struct order_request *request, const char **names, size_t count)
{
        static const char none[] = "{\"outcomes\":[]}";

        if (!names) {
                peer_finish(peer);
        } else if (!request->all && count > LIMIT_NAMES_PER_CALL) {
                errors_limit(peer, "names_per_call", LIMIT_NAMES_PER_CALL);
        } else if (!request->all && names_repeat(names, count)) {
                errors_parameter(peer, "names");
        } else if (count == 0) {
                peer_reply(peer, none, strlen(none), false);
        } else {
                audit_names(peer, method_name(request->kind), names, count);
                request->ticket = peer_ticket(peer);
                request->names = names;
                request->count = count;
                request->root = peer->access == ACCESS_ROOT;
                if (order_run(peer->server->registry, request))
                        peer_finish(peer);
        }
        free(names);
}

static void order(struct peer *peer, const struct call *call, enum order_kind kind)
{
        struct order_parameters parameters;
        struct order_request request = {.kind = kind};
        const char *wrong =
                fields_read(call->parameters, kind == ORDER_STOP ? down_fields : up_fields, &parameters);
        const char **names;
        size_t count;

        if (!wrong && (parameters.all == FIELD_TRUE) == !!parameters.names)
                wrong = parameters.names ? "all" : "names";
        if (wrong) {
                errors_parameter(peer, wrong);
                return;
        }
        if (!orders_timeout(peer, parameters.timeout.value, parameters.timeout.present, DEFAULT_WAIT_MSEC,
                            &request.timeout_msec))
                return;
        request.wait = parameters.wait == 1;
        request.all = !parameters.names;
        names = parameters.names ? names_of_list(parameters.names, &count)
                                 : names_of_all(peer->server->registry, kind, &count);
        peer->request.single = parameters.names && count == 1 && !call->more;
        order_names(peer, &request, names, count);
}

/* Without a look at the rest of the call: what is wrong with it costs nothing. */
static size_t weigh(const struct peer *peer, const struct call *call, enum order_kind kind)
{
        const struct registry *registry = peer->server->registry;
        struct json_object *list = NULL;
        size_t names = 0;

        if (call->parameters && json_object_object_get_ex(call->parameters, "names", &list) &&
            !json_object_is_type(list, json_type_array))
                return 0;
        for (size_t i = 0; !list && i < registry->count && names < LIMIT_NAMES_BURST; i++)
                if (is_of_all(registry->services[i], kind))
                        names += order_weigh_service(registry->services[i], kind);
        for (size_t i = 0; list && i < json_object_array_length(list); i++) {
                struct json_object *name = json_object_array_get_idx(list, i);

                if (json_object_is_type(name, json_type_string))
                        names += order_weigh(registry, kind, json_object_get_string(name));
        }
        return names;
}

static size_t weigh_start(const struct peer *peer, const struct call *call)
{
        return weigh(peer, call, ORDER_START);
}

static size_t weigh_stop(const struct peer *peer, const struct call *call)
{
        return weigh(peer, call, ORDER_STOP);
}

static size_t weigh_restart(const struct peer *peer, const struct call *call)
{
        return weigh(peer, call, ORDER_RESTART);
}

static size_t weigh_reset(const struct peer *peer, const struct call *call)
{
        return weigh(peer, call, ORDER_RESET);
}

static void order_start(struct peer *peer, const struct call *call)
{
        order(peer, call, ORDER_START);
}

static void order_stop(struct peer *peer, const struct call *call)
{
        order(peer, call, ORDER_STOP);
}

static void order_restart(struct peer *peer, const struct call *call)
{
        order(peer, call, ORDER_RESTART);
}

struct reset_parameters {
        struct json_object *names;
};

static const struct field reset_fields[] = {
        {"names", FIELD_STRING_LIST, true, offsetof(struct reset_parameters, names), NULL},
        {NULL, FIELD_STRING, false, 0, NULL},
};

static void order_reset(struct peer *peer, const struct call *call)
{
        struct reset_parameters parameters;
        struct order_request request = {.kind = ORDER_RESET};
        const char **names;
        size_t count;

        if (!parameters_read(peer, call, reset_fields, &parameters))
                return;
        names = names_of_list(parameters.names, &count);
        peer->request.single = count == 1 && !call->more;
        order_names(peer, &request, names, count);
}

static void write_fault(struct server *server, const struct outcome *outcome, struct text *text)
{
        struct text parameters;
        const char *error;

        text_init(&parameters);
        error = errors_of_fault(server, outcome->fault, outcome->name, outcome->service, &parameters);
        text_append_member_string(text, "error", error);
        text_append_member(text, "error_parameters");
        text_append(text, parameters.bytes, parameters.length);
        text->failed = text->failed || parameters.failed;
        text_deinit(&parameters);
}

/* brief: nothing but what became of it. */
static void write_outcome(struct server *server, const struct outcome *outcome, bool brief, struct text *text)
{
        struct text parameters;

        text_append_string(text, "{");
        text_append_member_string(text, "name", outcome->name);
        if (outcome->service && !brief) {
                text_append_member(text, "service");
                describe_service(server, outcome->service, text);
        }
        describe_persisted(outcome->persisted, outcome->persist_problem, text);
        if (outcome->fault && !brief) {
                write_fault(server, outcome, text);
        } else if (outcome->fault) {
                text_init(&parameters);
                text_append_member_string(text, "error",
                                          errors_of_fault(server, outcome->fault, outcome->name,
                                                          outcome->service, &parameters));
                text_deinit(&parameters);
        }
        text_append_string(text, "}");
}

/* All outcomes are in one reply, which has its bound: behind half of it they are brief, behind three quarters
 * only those that are not as ordered are told, and what there is no place for is counted. */
static void gather_outcome(struct server *server, struct request *request, const struct outcome *outcome)
{
        struct text *outcomes = &request->outcomes;
        size_t before = outcomes->length;
        bool brief = before > LIMIT_OUTPUT_BYTES / 2;

        if (before > LIMIT_OUTPUT_BYTES / 4 * 3 && !outcome->fault && outcome->persisted) {
                request->left_out++;
                return;
        }
        text_append_string(outcomes, request->any ? "," : "{\"outcomes\":[");
        write_outcome(server, outcome, brief, outcomes);
        if (outcomes->length <= LIMIT_OUTPUT_BYTES - REPLY_LEFT_OUT_BYTES) {
                request->any = true;
                return;
        }
        outcomes->length = before;
        request->left_out++;
}

static void reply_gathered(struct peer *peer)
{
        struct text *outcomes = &peer->request.outcomes;

        text_append_string(outcomes, "]");
        if (peer->request.left_out)
                text_append_member_int(outcomes, "left_out", peer->request.left_out);
        text_append_string(outcomes, "}");
        if (outcomes->failed)
                peer_finish(peer);
        else
                peer_reply(peer, outcomes->bytes, outcomes->length, false);
}

static void reply_outcome(struct peer *peer, const struct outcome *outcome)
{
        struct text text;

        text_init(&text);
        text_append_string(&text, "{\"outcomes\":[");
        write_outcome(peer->server, outcome, false, &text);
        text_append_string(&text, "]}");
        peer_reply_text(peer, &text, !outcome->last);
}

static void orders_on_outcome(void *owner, struct ticket ticket, const struct outcome *outcome)
{
        struct peer *peer = ticket_peer(owner, ticket);

        if (!peer || !peer_state_takes_calls(peer->state))
                return;
        if (peer->request.mode == REPLY_NONE) {
                if (!outcome->last)
                        return;
                peer_end_call(peer);
        } else if (peer->request.single && outcome->fault) {
                errors_fault(peer, outcome->fault, outcome->name, outcome->service);
        } else if (peer->request.mode == REPLY_MORE) {
                reply_outcome(peer, outcome);
        } else {
                gather_outcome(peer->server, &peer->request, outcome);
                if (!outcome->last) {
                        peer_check_memory(peer);
                        return;
                }
                reply_gathered(peer);
        }
        /* Sent now: what was ordered is delivered when this returns, and may end who asked. */
        peer_answered(peer);
}

static bool orders_take_outcome(void *owner, struct ticket ticket)
{
        struct peer *peer = ticket_peer(owner, ticket);

        if (!peer || !peer_state_takes_calls(peer->state) || peer->request.mode != REPLY_MORE ||
            peer_is_drained(peer))
                return true;
        peer->request.behind = true;
        return false;
}

void orders_listen(struct registry *registry)
{
        registry->events.outcome = orders_on_outcome;
        registry->events.takes = orders_take_outcome;
}

const struct method orders_methods[] = {
        {IO_SVCBROKER ".Start", ACCESS_CLIENT, true, false, order_start, weigh_start},
        {IO_SVCBROKER ".Stop", ACCESS_CLIENT, true, false, order_stop, weigh_stop},
        {IO_SVCBROKER ".Restart", ACCESS_CLIENT, true, false, order_restart, weigh_restart},
        {IO_SVCBROKER ".Reset", ACCESS_CLIENT, true, false, order_reset, weigh_reset},
        {NULL},
};
