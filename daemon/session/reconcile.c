#include <stdlib.h>
#include <string.h>

#include "daemon/model/reconcile.h"
#include "daemon/session/audit.h"
#include "daemon/session/errors.h"
#include "daemon/session/methods.h"
#include "proto/fields.h"

struct reconcile_parameters {
        enum field_bool dry_run;
};

static const struct field reconcile_fields[] = {
        {"dry_run", FIELD_BOOL, false, offsetof(struct reconcile_parameters, dry_run), NULL},
        {NULL, FIELD_STRING, false, 0, NULL},
};

/* Who asked, and where. */
struct asked {
        struct server *server;
        struct ticket ticket;
};

static const char *what_name(enum reconcile_what what)
{
        switch (what) {
        case RECONCILE_STARTED:
                return "started";
        case RECONCILE_REGISTERED:
                return "registered";
        case RECONCILE_KEPT:
                return "kept";
        case RECONCILE_HELD:
                return "held";
        case RECONCILE_REMOVED:
                return "removed";
        case RECONCILE_SKIPPED:
                break;
        }
        return "skipped";
}

static void write_action(const struct reconcile_action *action, struct text *text)
{
        text_append_string(text, "{\"profile\":");
        text_append_json_string(text, action->profile);
        if (action->prior[0]) {
                text_append_string(text, ",\"prior_state\":");
                text_append_json_string(text, action->prior);
        }
        text_append_string(text, ",\"action\":");
        text_append_json_string(text, what_name(action->what));
        if (cause_name(action->cause)) {
                text_append_string(text, ",\"cause\":");
                text_append_json_string(text, cause_name(action->cause));
        }
        if (action->message[0]) {
                text_append_string(text, ",\"message\":");
                text_append_json_string(text, action->message);
        }
        text_append_string(text, "}");
}

static void reply_actions(struct peer *peer, const struct reconcile_action *actions, size_t count)
{
        struct text text;

        text_init(&text);
        text_append_string(&text, "{\"actions\":[");
        for (size_t i = 0; i < count; i++) {
                text_append_string(&text, i ? "," : "");
                write_action(&actions[i], &text);
        }
        text_append_string(&text, "]}");
        peer_reply_text(peer, &text, false);
}

static void reconcile_done(void *owner, const struct reconcile_action *actions, size_t count, int error)
{
        struct asked *asked = owner;
        struct peer *peer = server_find_peer(asked->server, asked->ticket.peer);

        if (peer && peer->request.running && peer->request.call == asked->ticket.call) {
                if (error)
                        errors_fault(peer,
                                     &(struct fault){.kind = FAULT_SYSTEM,
                                                     .text = "look for the profiles on the volume",
                                                     .error = error},
                                     "", NULL);
                else
                        reply_actions(peer, actions, count);
                peer_answered(peer);
        }
        free(asked);
}

void method_reconcile(struct peer *peer, const struct call *call)
{
        struct reconcile_parameters parameters;
        const char *wrong = fields_read(call->parameters, reconcile_fields, &parameters);
        struct reconcile_request *request;
        struct asked *asked;

        if (wrong) {
                errors_parameter(peer, wrong);
                return;
        }
        request = calloc(1, sizeof(*request));
        asked = calloc(1, sizeof(*asked));
        if (!request || !asked) {
                free(request);
                free(asked);
                peer->closing = true;
                return;
        }
        *asked = (struct asked){peer->server, peer_ticket(peer)};
        audit_call(peer, "Reconcile");
        request->root = peer->access == ACCESS_ROOT;
        request->dry_run = parameters.dry_run == FIELD_TRUE;
        request->done = reconcile_done;
        request->owner = asked;
        reconcile_run(peer->server->registry, request);
}
