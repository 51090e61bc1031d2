/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/methods/methods.h"
#include "daemon/methods/parameters.h"
#include "daemon/judge/signals.h"
#include "daemon/order/order.h"
#include "daemon/service/restart.h"
#include "daemon/session/audit.h"
#include "daemon/session/errors.h"
#include "daemon/session/ticket.h"
#include "proto/interface.h"
#include "proto/sorted.h"

struct order_parameters {
        struct json_object *names;
        enum field_bool all;
        int wait;
        struct field_int timeout;
        struct field_int kill_after; /* Stop and Restart */
};

static const char *const wait_up[] = {"no", "up", NULL};
static const char *const wait_down[] = {"no", "down", NULL};

#define ORDER_FIELDS(choices)                                                                                \
        {"names", FIELD_STRING_LIST, false, offsetof(struct order_parameters, names), NULL},                 \
                {"all", FIELD_BOOL, false, offsetof(struct order_parameters, all), NULL},                    \
                {"wait", FIELD_CHOICE, false, offsetof(struct order_parameters, wait), choices},             \
        {                                                                                                    \
                "timeout_msec", FIELD_INT, false, offsetof(struct order_parameters, timeout), NULL           \
        }

#define KILL_FIELD                                                                                           \
        {                                                                                                    \
                "kill_after_msec", FIELD_INT, false, offsetof(struct order_parameters, kill_after), NULL     \
        }

#define END_FIELD                                                                                            \
        {                                                                                                    \
                NULL, FIELD_STRING, false, 0, NULL                                                           \
        }

static const struct field start_fields[] = {ORDER_FIELDS(wait_up), END_FIELD};
static const struct field stop_fields[] = {ORDER_FIELDS(wait_down), KILL_FIELD, END_FIELD};
static const struct field restart_fields[] = {ORDER_FIELDS(wait_up), KILL_FIELD, END_FIELD};

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

/* Whether an order of all services includes this one, which must be a gateway. A Restart includes only those
 * that are to run, so what a person has stopped stays stopped. A gateway whose profile the default gateway
 * serves is not to run at all: only a Stop includes it. */
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
        case ORDER_SIGNAL:
                return "Signal";
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
                if (request->kind == ORDER_SIGNAL)
                        audit_signal(peer, signal_names[request->signal], names, count);
                else
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

/* Takes kill_after_msec of a call. False: it is out of range, and the call has been answered with an error. A
 * 0 of the caller's, which is at once, becomes 1: to the order, 0 is never. */
static bool take_kill_after(struct peer *peer, const struct field_int *value, unsigned *kill_after_msec)
{
        if (value->present && value->value < 0)
                errors_parameter(peer, "kill_after_msec");
        else if (value->present && value->value > LIMIT_KILL_AFTER_MSEC)
                errors_limit(peer, "kill_after_msec", LIMIT_KILL_AFTER_MSEC);
        else
                *kill_after_msec = !value->present ? 0 : value->value ? (unsigned)value->value : 1;
        return !value->present || (value->value >= 0 && value->value <= LIMIT_KILL_AFTER_MSEC);
}

static void order(struct peer *peer, const struct call *call, enum order_kind kind,
                  const struct field *fields)
{
        struct order_parameters parameters = {.kill_after = {.present = false}};
        struct order_request request = {.kind = kind};
        const char *wrong = call_fields(call, fields, &parameters);
        const char **names;
        size_t count;

        if (!wrong && (parameters.all == FIELD_TRUE) == !!parameters.names)
                wrong = parameters.names ? "all" : "names";
        if (wrong) {
                errors_parameter(peer, wrong);
                return;
        }
        if (!orders_timeout(peer, parameters.timeout.value, parameters.timeout.present, DEFAULT_WAIT_MSEC,
                            &request.timeout_msec) ||
            !take_kill_after(peer, &parameters.kill_after, &request.kill_after_msec))
                return;
        request.wait = parameters.wait == 1;
        request.all = !parameters.names;
        names = parameters.names ? names_of_list(parameters.names, &count)
                                 : names_of_all(peer->server->registry, kind, &count);
        peer->request.single = parameters.names && count == 1 && !call->more;
        order_names(peer, &request, names, count);
}

/* Weighs an order by its names alone: nothing else of the call has been checked yet. What is no list, or no
 * string, weighs nothing. */
static size_t weigh(const struct peer *peer, const struct call *call, enum order_kind kind)
{
        const struct registry *registry = peer->server->registry;
        struct json_object *list;
        size_t names = 0;

        if (!call_list(call, "names", &list))
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

static size_t weigh_signal(const struct peer *peer, const struct call *call)
{
        return weigh(peer, call, ORDER_SIGNAL);
}

static size_t weigh_reset(const struct peer *peer, const struct call *call)
{
        return weigh(peer, call, ORDER_RESET);
}

static void order_start(struct peer *peer, const struct call *call)
{
        order(peer, call, ORDER_START, start_fields);
}

static void order_stop(struct peer *peer, const struct call *call)
{
        order(peer, call, ORDER_STOP, stop_fields);
}

static void order_restart(struct peer *peer, const struct call *call)
{
        order(peer, call, ORDER_RESTART, restart_fields);
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

struct signal_parameters {
        struct json_object *names;
        int signal;
};

static const struct field signal_fields[] = {
        {"names", FIELD_STRING_LIST, true, offsetof(struct signal_parameters, names), NULL},
        {"signal", FIELD_CHOICE, true, offsetof(struct signal_parameters, signal), signal_names},
        {NULL, FIELD_STRING, false, 0, NULL},
};

static void order_signal(struct peer *peer, const struct call *call)
{
        struct signal_parameters parameters;
        struct order_request request = {.kind = ORDER_SIGNAL};
        const char **names;
        size_t count;

        if (!parameters_read(peer, call, signal_fields, &parameters))
                return;
        request.signal = (unsigned)parameters.signal;
        names = names_of_list(parameters.names, &count);
        peer->request.single = count == 1 && !call->more;
        order_names(peer, &request, names, count);
}

const struct method orders_methods[] = {
        {IO_SVCBROKER ".Start", ACCESS_CLIENT, true, false, order_start, weigh_start},
        {IO_SVCBROKER ".Stop", ACCESS_CLIENT, true, false, order_stop, weigh_stop},
        {IO_SVCBROKER ".Restart", ACCESS_CLIENT, true, false, order_restart, weigh_restart},
        {IO_SVCBROKER ".Reset", ACCESS_CLIENT, true, false, order_reset, weigh_reset},
        {IO_SVCBROKER ".Signal", ACCESS_CLIENT, true, false, order_signal, weigh_signal},
        {NULL},
};
