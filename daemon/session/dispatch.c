#include "daemon/session/dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/session/errors.h"
#include "daemon/methods/methods.h"
#include "proto/interface.h"

struct method {
        const char *name;
        enum access access; /* the least that may call it */
        bool changes;       /* counts against the uid's changes */
        bool needs_more;
        method_function *run;
        weigh_function *weigh; /* NULL: it is about no names, or about one */
};

static const struct method methods[] = {
        {ORG_VARLINK_SERVICE ".GetInfo", ACCESS_OBSERVER, false, false, method_get_info},
        {ORG_VARLINK_SERVICE ".GetInterfaceDescription", ACCESS_OBSERVER, false, false,
         method_get_interface_description},
        {IO_SVCBROKER ".List", ACCESS_OBSERVER, false, false, method_list},
        {IO_SVCBROKER ".Status", ACCESS_OBSERVER, false, false, method_status},
        {IO_SVCBROKER ".Watch", ACCESS_OBSERVER, false, true, method_watch},
        {IO_SVCBROKER ".Health", ACCESS_OBSERVER, false, false, method_health},
        {IO_SVCBROKER ".Diagnose", ACCESS_OBSERVER, false, false, method_diagnose},
        {IO_SVCBROKER ".Start", ACCESS_CLIENT, true, false, method_start, weigh_start},
        {IO_SVCBROKER ".Stop", ACCESS_CLIENT, true, false, method_stop, weigh_stop},
        {IO_SVCBROKER ".Restart", ACCESS_CLIENT, true, false, method_restart, weigh_restart},
        {IO_SVCBROKER ".Reset", ACCESS_CLIENT, true, false, method_reset, weigh_reset},
        {IO_SVCBROKER ".Register", ACCESS_CLIENT, true, false, method_register},
        {IO_SVCBROKER ".Reconcile", ACCESS_CLIENT, true, false, method_reconcile},
        {IO_SVCBROKER ".Unregister", ACCESS_CLIENT, true, false, method_unregister},
};

static const struct method *dispatch_find(const char *name)
{
        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
                if (!strcmp(methods[i].name, name))
                        return &methods[i];
        return NULL;
}

static void refuse_unknown(struct peer *peer, const char *name)
{
        const char *dot = strrchr(name, '.');
        size_t length = dot ? (size_t)(dot - name) : 0;
        char interface[sizeof(ORG_VARLINK_SERVICE)];

        if ((length == strlen(IO_SVCBROKER) && !strncmp(name, IO_SVCBROKER, length)) ||
            (length == strlen(ORG_VARLINK_SERVICE) && !strncmp(name, ORG_VARLINK_SERVICE, length))) {
                errors_strings(peer, ORG_VARLINK_SERVICE ".MethodNotFound", "method", name, NULL, NULL);
                return;
        }
        snprintf(interface, sizeof(interface), "%.*s", (int)length, name);
        errors_strings(peer, ORG_VARLINK_SERVICE ".InterfaceNotFound", "interface",
                       length < sizeof(interface) ? interface : name, NULL, NULL);
}

/* True: the call is done later, when its uid has a change left, and there is room for the names of another order. */
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
        const struct method *method = dispatch_find(call->method);

        peer->request.more = call->more;
        peer->request.oneway = call->oneway || peer->hung_up;
        if (!method)
                refuse_unknown(peer, call->method);
        else if (peer->access < method->access)
                errors_denied(peer);
        else if (method->needs_more && !call->more)
                errors_strings(peer, ORG_VARLINK_SERVICE ".ExpectedMore", NULL, NULL, NULL, NULL);
        else if (call->upgrade || (call->oneway && call->more))
                errors_parameter(peer, call->upgrade ? "upgrade" : "oneway");
        else if (peer->hung_up && !method->changes)
                peer_end_call(peer); /* nobody reads the answer */
        else if (!dispatch_park(peer, method, call, message, length))
                method->run(peer, call);
}

void dispatch_parked(struct peer *peer)
{
        char *message = peer->parked_call;

        peer->parked_call = NULL;
        dispatch_message(peer, message, peer->parked_length);
        free(message);
}

static void refuse_invalid(struct peer *peer, const struct call_problem *problem)
{
        struct text text;

        log_refusal(access_log_source(peer->access), "refused: invalid message: uid=%u pid=%d",
                    (unsigned)peer->identity.uid, (int)peer->identity.pid);
        text_init(&text);
        text_append_string(&text, "{");
        text_append_member_string(&text, "reason", problem->json.reason);
        text_append_member_int(&text, "offset", (int64_t)problem->json.offset);
        text_append_string(&text, "}");
        text_append(&text, "", 1);
        if (!text.failed)
                peer_error(peer, IO_SVCBROKER ".InvalidMessage", text.bytes);
        text_deinit(&text);
        peer->closing = true;
}

void dispatch_message(struct peer *peer, char *message, size_t length)
{
        struct call_problem problem;
        struct call call;

        peer->request.oneway = peer->request.more = peer->request.single = peer->request.any = false;
        peer->request.behind = false;
        peer->request.left_out = 0;
        /* Nobody's bytes are not even parsed. */
        if (peer->access == ACCESS_NOBODY) {
                errors_denied(peer);
                peer->closing = true;
                return;
        }
        switch (call_parse(message, length, &call, &problem)) {
        case CALL_OK:
                dispatch_call(peer, &call, message, length);
                call_deinit(&call);
                break;
        case CALL_INVALID:
                refuse_invalid(peer, &problem);
                break;
        case CALL_LIMIT:
                errors_limit(peer, problem.limit, (int64_t)problem.limit_value);
                peer->closing = true;
                break;
        case CALL_MEMORY:
                peer->closing = true;
                break;
        }
}
