/* SPDX-License-Identifier: ISC */
#include "daemon/session/dispatch.h"

#include <stdio.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/session/errors.h"
#include "proto/interface.h"

/* The method of that name, or NULL. *number: its place among the methods of all groups. */
static const struct method *dispatch_find(const struct server *server, const char *name, size_t *number)
{
        *number = 0;
        for (const struct method *const *group = server->methods; *group; group++)
                for (const struct method *method = *group; method->name; method++, ++*number)
                        if (strcmp(method->name, name) == 0)
                                return method;
        return NULL;
}

/* Whether the first `length` bytes of the name are the name of that interface. */
static bool is_of(const char *name, size_t length, const char *interface)
{
        return length == strlen(interface) && strncmp(name, interface, length) == 0;
}

static void refuse_unknown(struct peer *peer, const char *name)
{
        const char *dot = strrchr(name, '.');
        size_t length = dot ? (size_t)(dot - name) : 0;
        char interface[sizeof(ORG_VARLINK_SERVICE)];

        if (is_of(name, length, IO_SVCBROKER) || is_of(name, length, IO_SYSTEMD_METRICS) ||
            is_of(name, length, ORG_VARLINK_SERVICE)) {
                errors_strings(peer, ORG_VARLINK_SERVICE ".MethodNotFound", "method", name, NULL, NULL);
                return;
        }
        snprintf(interface, sizeof(interface), "%.*s", (int)length, name);
        errors_strings(peer, ORG_VARLINK_SERVICE ".InterfaceNotFound", "interface",
                       length < sizeof(interface) ? interface : name, NULL, NULL);
}

/* True: the call is parked, until its uid has a change left and there is room for the names of another
 * order. */
static bool dispatch_park(struct peer *peer, const struct method *method, const struct call *call,
                          const char *message, size_t length)
{
        int64_t wait_msec = 0;

        if (method->weigh && peer->quota && peer->server->registry->names_under_way >= ORDER_NAMES_MOST)
                wait_msec = ORDER_NAMES_WAIT_MSEC;
        else if (method->changes && peer->quota)
                wait_msec = quota_take_change(peer->quota, method->weigh ? method->weigh(peer, call) : 0,
                                              clock_msec());
        if (wait_msec)
                peer_park(peer, message, length, wait_msec);
        return wait_msec != 0;
}

static void dispatch_call(struct peer *peer, const struct call *call, const char *message, size_t length)
{
        size_t number;
        const struct method *method = dispatch_find(peer->server, call->method, &number);

        if (call->oneway || peer_state_is_gone(peer->state))
                peer->request.mode = REPLY_NONE;
        else
                peer->request.mode = call->more ? REPLY_MORE : REPLY_ONCE;
        if (!method)
                refuse_unknown(peer, call->method);
        else if (peer->access < method->access)
                errors_denied(peer);
        else if (method->needs_more && !call->more)
                errors_strings(peer, ORG_VARLINK_SERVICE ".ExpectedMore", NULL, NULL, NULL, NULL);
        else if (call->upgrade || (call->oneway && call->more))
                errors_parameter(peer, call->upgrade ? "upgrade" : "oneway");
        else if (peer_state_is_gone(peer->state) && !method->changes)
                peer_end_call(peer); /* nobody reads the answer */
        else if (!dispatch_park(peer, method, call, message, length)) {
                counts_begin(&peer->server->counts, number, &peer->request.counted);
                method->run(peer, call);
        }
}

void dispatch_message(struct peer *peer, char *message, size_t length)
{
        struct call_problem problem;
        struct call call;

        peer->request.mode = REPLY_ONCE;
        peer->request.single = peer->request.any = peer->request.behind = false;
        peer->request.left_out = 0;
        /* The bytes of a peer without access are not even parsed. */
        if (peer->access == ACCESS_NOBODY) {
                errors_denied(peer);
                peer_finish(peer);
                return;
        }
        switch (call_parse(message, length, &call, &problem)) {
        case CALL_OK:
                dispatch_call(peer, &call, message, length);
                call_deinit(&call);
                break;
        case CALL_INVALID:
                errors_invalid_message(peer, problem.json.reason, problem.json.offset);
                peer_finish(peer);
                break;
        case CALL_LIMIT:
                errors_limit(peer, problem.limit, (int64_t)problem.limit_value);
                peer_finish(peer);
                break;
        case CALL_MEMORY:
                peer_finish(peer);
                break;
        }
}
