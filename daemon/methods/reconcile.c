/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "daemon/methods/methods.h"
#include "daemon/methods/parameters.h"
#include "daemon/methods/pieces.h"
#include "daemon/order/reconcile.h"
#include "daemon/session/audit.h"
#include "daemon/session/errors.h"
#include "daemon/session/ticket.h"
#include "proto/interface.h"

struct reconcile_parameters {
        enum field_bool dry_run;
};

static const struct field reconcile_fields[] = {
        {"dry_run", FIELD_BOOL, false, offsetof(struct reconcile_parameters, dry_run), NULL},
        {NULL, FIELD_STRING, false, 0, NULL},
};

/* Whom reconcile_done() is to answer. */
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

/* Writes the one reply, which is bounded by LIMIT_OUTPUT_BYTES. Actions without room are left out, and unless
 * `kept` all those that only kept a gateway. Returns how many are left out. */
static size_t write_actions(const struct reconcile_action *actions, size_t count, bool kept,
                            struct text *text)
{
        size_t left_out = 0, told = 0;

        text_append_string(text, "{\"actions\":[");
        for (size_t i = 0; i < count; i++) {
                size_t before = text->length;

                if (kept || actions[i].what != RECONCILE_KEPT) {
                        text_append_string(text, told ? "," : "");
                        write_action(&actions[i], text);
                        if (text->length <= LIMIT_OUTPUT_BYTES - REPLY_LEFT_OUT_BYTES) {
                                told++;
                                continue;
                        }
                        text->length = before;
                }
                left_out++;
        }
        text_append_string(text, "]");
        if (left_out)
                text_append_member_int(text, "left_out", (int64_t)left_out);
        text_append_string(text, "}");
        return left_out;
}

static void reply_actions(const struct asked *asked, const struct reconcile_action *actions, size_t count)
{
        struct text text;

        text_init(&text);
        if (write_actions(actions, count, true, &text)) {
                text_clear(&text);
                write_actions(actions, count, false, &text);
        }
        ticket_reply(asked->server, asked->ticket, &text);
}

/* The actions are freed in this turn of the loop, so their JSON is kept for the pieces: one text after the
 * other, each ended by a NUL. */
struct action_pieces {
        struct pieces pieces;
        struct text text;
        size_t at;
};

static bool action_piece(struct pieces *pieces, struct server *server, struct text *text)
{
        struct action_pieces *actions = (struct action_pieces *)pieces;
        bool any = false;

        (void)server;
        text_append_string(text, "{\"actions\":[");
        while (actions->at < actions->text.length && text->length <= PIECE_BYTES) {
                const char *action = actions->text.bytes + actions->at;

                text_append_string(text, any ? "," : "");
                text_append_string(text, action);
                actions->at += strlen(action) + 1;
                any = true;
        }
        text_append_string(text, "]}");
        return actions->at < actions->text.length;
}

static void action_pieces_drop(struct pieces *pieces)
{
        struct action_pieces *actions = (struct action_pieces *)pieces;

        text_deinit(&actions->text);
        free(actions);
}

static void stream_actions(struct peer *peer, const struct reconcile_action *actions, size_t count)
{
        struct action_pieces *made = calloc(1, sizeof(*made));

        if (made) {
                text_init(&made->text);
                for (size_t i = 0; i < count; i++) {
                        write_action(&actions[i], &made->text);
                        text_append(&made->text, "", 1);
                }
                made->pieces = (struct pieces){.write = action_piece, .drop = action_pieces_drop};
        }
        if (made && made->text.failed) {
                action_pieces_drop(&made->pieces);
                made = NULL;
        }
        pieces_begin(peer, made ? &made->pieces : NULL, made ? sizeof(*made) + made->text.capacity : 0);
        peer_answered(peer);
}

static void reconcile_done(void *owner, const struct reconcile_action *actions, size_t count, int error)
{
        static const char what[] = "look for the profiles on the volume";
        struct asked *asked = owner;
        struct peer *peer = ticket_peer(asked->server, asked->ticket);

        if (error)
                ticket_fail(asked->server, asked->ticket,
                            &(struct fault){.kind = FAULT_SYSTEM, .text = what, .error = error}, "", NULL);
        else if (peer && peer->request.mode == REPLY_MORE)
                stream_actions(peer, actions, count);
        else if (peer)
                reply_actions(asked, actions, count);
        free(asked);
}

static void reconcile(struct peer *peer, const struct call *call)
{
        struct reconcile_parameters parameters;
        struct reconcile_request *request;
        struct asked *asked;

        if (!parameters_read(peer, call, reconcile_fields, &parameters))
                return;
        request = calloc(1, sizeof(*request));
        asked = calloc(1, sizeof(*asked));
        if (!request || !asked) {
                free(request);
                free(asked);
                peer_finish(peer);
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

const struct method reconcile_methods[] = {
        {IO_SVCBROKER ".Reconcile", ACCESS_CLIENT, true, false, reconcile},
        {NULL},
};
