/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include <json-c/json.h>

#include "daemon/order/order.h"
#include "daemon/methods/health.h"
#include "daemon/methods/methods.h"
#include "daemon/methods/parameters.h"
#include "daemon/methods/pieces.h"
#include "daemon/session/describe.h"
#include "daemon/session/errors.h"
#include "daemon/session/watcher.h"
#include "proto/call.h"
#include "proto/interface.h"

/* Appends the services from `place` on, until the text is longer than `most` bytes. Returns the place behind
 * the last of them. */
static size_t list_from(struct server *server, size_t place, size_t most, struct text *text)
{
        const struct registry *registry = server->registry;

        for (; place < registry->count && text->length <= most && !text->failed; place++)
                describe_in_list(server, registry->services[place], text);
        describe_end_list(text);
        return place;
}

static bool list_piece(struct pieces *pieces, struct server *server, struct text *text)
{
        struct service_pieces *list = (struct service_pieces *)pieces;
        const struct registry *registry = server->registry;
        size_t place, most = text->length + PIECE_BYTES;

        text_append_string(text, "{\"services\":[");
        place = list_from(server, registry_behind(registry, list->after), most, text);
        text_append_string(text, "]}");
        if (place >= registry->count || text->failed) /* place may be 0 then */
                return false;
        snprintf(list->after, sizeof(list->after), "%s", registry->services[place - 1]->name);
        return true;
}

/* Makes the reply of List, and keeps it for all who ask before the next change. False: the call has been
 * answered with an error, or the connection ends. */
static bool list_keep(struct peer *peer)
{
        struct server *server = peer->server;
        struct text text;

        shared_text_drop(&server->list);
        text_init(&text);
        reply_write_begin(&text);
        text_append_string(&text, "{\"services\":[");
        list_from(server, 0, text.length + LIMIT_OUTPUT_BYTES, &text);
        text_append_string(&text, "]}");
        if (!text.failed && text.length > LIMIT_OUTPUT_BYTES) {
                text_deinit(&text);
                errors_limit(peer, "output_bytes", LIMIT_OUTPUT_BYTES);
                return false;
        }
        reply_write_end(&text, false);
        if (!text.failed)
                server->list = shared_text_new(&text);
        server->list_changes = server->registry->changes;
        text_deinit(&text);
        if (!server->list)
                peer_finish(peer);
        return server->list != NULL;
}

/* Whether the kept reply says what is. What waits for its step may be a change that is not shown yet. */
static bool list_holds(const struct server *server)
{
        return server->list && server->list_changes == server->registry->changes &&
               !server->registry->ready.count;
}

static void list(struct peer *peer, const struct call *call)
{
        struct server *server = peer->server;

        if (!parameters_are_none(peer, call))
                return;
        halts_look_at_all(server->registry);
        if (call->more) {
                service_pieces_begin(peer, list_piece);
                return;
        }
        if (!list_holds(server) && !list_keep(peer))
                return;
        peer_append_shared(peer, server->list);
        if (server->list->length > LIST_KEPT_BYTES)
                shared_text_drop(&server->list);
}

struct status_parameters {
        const char *name;
};

static const struct field status_fields[] = {
        {"name", FIELD_STRING, true, offsetof(struct status_parameters, name), NULL},
        {NULL, FIELD_STRING, false, 0, NULL},
};

static void status(struct peer *peer, const struct call *call)
{
        struct status_parameters parameters;
        struct service *service;
        struct fault fault;
        struct text *text;

        if (!parameters_read(peer, call, status_fields, &parameters))
                return;
        service = order_resolve(peer->server->registry, parameters.name, &fault);
        if (!service) {
                errors_fault(peer, &fault, parameters.name, NULL);
                return;
        }
        halts_look(service);
        text = peer_reply_begin(peer);
        text_append_string(text, "{\"service\":");
        describe_service(peer->server, service, text);
        text_append_string(text, "}");
        peer_reply_end(peer, false);
}

struct watch_parameters {
        struct json_object *names;
};

static const struct field watch_fields[] = {
        {"names", FIELD_STRING_LIST, false, offsetof(struct watch_parameters, names), NULL},
        {NULL, FIELD_STRING, false, 0, NULL},
};

/* Whether each name is a service's now; later the services may go and come back. False: the call has been
 * answered with an error. */
static bool watch_names_exist(struct peer *peer, struct json_object *names)
{
        for (size_t i = 0; names && i < json_object_array_length(names); i++) {
                const char *name = json_object_get_string(json_object_array_get_idx(names, i));
                struct fault fault;

                if (!order_resolve(peer->server->registry, name, &fault)) {
                        errors_fault(peer, &fault, name, NULL);
                        return false;
                }
        }
        return true;
}

static void watch(struct peer *peer, const struct call *call)
{
        struct watch_parameters parameters;

        if (!parameters_read(peer, call, watch_fields, &parameters))
                return;
        halts_look_at_all(peer->server->registry);
        if (parameters.names && json_object_array_length(parameters.names) > LIMIT_NAMES_PER_CALL)
                errors_limit(peer, "names_per_call", LIMIT_NAMES_PER_CALL);
        else if (peer->quota && peer->quota->watches >= LIMIT_WATCHES_UID)
                errors_limit(peer, "watches_uid", LIMIT_WATCHES_UID);
        else if (watch_names_exist(peer, parameters.names) && watcher_new(peer, parameters.names))
                peer_finish(peer);
}

static bool health_piece(struct pieces *pieces, struct server *server, struct text *text)
{
        return health_write(server, ((struct service_pieces *)pieces)->after, text);
}

static void health(struct peer *peer, const struct call *call)
{
        struct text text;

        if (!parameters_are_none(peer, call))
                return;
        if (call->more) {
                service_pieces_begin(peer, health_piece);
                return;
        }
        text_init(&text);
        health_write(peer->server, NULL, &text);
        peer_reply_text(peer, &text, false);
}

const struct method queries_methods[] = {
        {IO_SVCBROKER ".Status", ACCESS_OBSERVER, false, false, status},
        {IO_SVCBROKER ".List", ACCESS_OBSERVER, false, false, list},
        {IO_SVCBROKER ".Watch", ACCESS_OBSERVER, false, true, watch},
        {IO_SVCBROKER ".Health", ACCESS_OBSERVER, false, false, health},
        {NULL},
};
