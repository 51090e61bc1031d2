/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "daemon/methods/methods.h"
#include "daemon/order/order.h"
#include "daemon/session/describe.h"
#include "daemon/session/errors.h"
#include "daemon/session/ticket.h"

/* How the outcomes of orders are told: each in a reply of its own, or all in one. */

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

/* brief: without the service, and without the parameters of an error. */
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

/* Adds an outcome to the one reply, which is bounded by LIMIT_OUTPUT_BYTES: behind half of that outcomes are
 * brief, behind three quarters only those that are not as ordered are told, and outcomes without room are
 * counted. */
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

static void on_outcome(void *owner, struct ticket ticket, const struct outcome *outcome)
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
        /* The reply is sent now: the order is carried out when this returns, and may end the client that gave
         * it. */
        peer_answered(peer);
}

static bool take_outcome(void *owner, struct ticket ticket)
{
        struct peer *peer = ticket_peer(owner, ticket);

        if (!peer || !peer_state_takes_calls(peer->state) || peer->request.mode != REPLY_MORE ||
            peer_is_drained(peer))
                return true;
        peer->request.behind = true;
        return false;
}

void outcomes_listen(struct registry *registry)
{
        registry->events.outcome = on_outcome;
        registry->events.takes = take_outcome;
}
