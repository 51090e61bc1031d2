/* SPDX-License-Identifier: ISC */
#include "daemon/session/peer.h"

#include <errno.h>

#include "daemon/bounds.h"
#include "daemon/session/audit.h"
#include "proto/call.h"
#include "proto/interface.h"
#include "proto/limits.h"

void peer_finish(struct peer *peer)
{
        peer_follow(peer, PEER_EVENT_CLOSE);
}

void peer_drop_output(struct peer *peer, const char *why)
{
        audit_closed(peer, why);
        peer_finish(peer);
        text_deinit(&peer->out);
        peer_clear_output(peer);
        peer->stalled_msec = 0;
}

static void peer_set_charge(struct peer *peer, size_t bytes)
{
        if (bytes == peer->charged_bytes)
                return;
        *peers_share(&peer->server->peers, peer) += bytes - peer->charged_bytes;
        if (peer->quota)
                peer->quota->memory_bytes += bytes - peer->charged_bytes;
        peer->charged_bytes = bytes;
}

void peer_uncharge(struct peer *peer)
{
        peer_set_charge(peer, 0);
}

void peer_charge(struct peer *peer)
{
        size_t bytes = peer->in.capacity + peer->out.capacity + peer->request.outcomes.capacity;

        /* Its feed may close a peer in the middle of its turn: what is charged behind that nobody gives
         * back. */
        if (peer->state == PEER_CLOSED)
                return;
        if (peer_is_parked(peer))
                bytes += peer->request.parked_length;
        if (peer->shared) /* as if it were a copy: the peer may be the last that uses it */
                bytes += peer->shared->length;
        if (peer->request.feed)
                bytes += peer->request.feed->bytes;
        peer_set_charge(peer, bytes);
}

/* Sends what waits. False: the socket takes no more of it now. */
static bool peer_send(struct peer *peer)
{
        while (!peer_is_drained(peer)) {
                const char *output = peer->shared ? peer->shared->bytes : peer->out.bytes;
                size_t left = peer_unsent(peer);
                ssize_t sent = stream_send(&peer->server->streams, peer->fd, output + peer->sent,
                                           left < PEER_SEND_BYTES ? left : PEER_SEND_BYTES);

                if (sent < 0 && errno == EINTR)
                        continue;
                if (sent < 0 && errno == EAGAIN) {
                        if (!peer->stalled_msec)
                                peer->stalled_msec = clock_msec();
                        return false;
                }
                if (sent < 0) { /* the client is gone: nothing more can be sent to it */
                        peer_follow(peer, PEER_EVENT_END);
                        sent = (ssize_t)left;
                }
                peer->sent += (size_t)sent;
                peer->stalled_msec = 0;
        }
        return true;
}

void peer_clear_output(struct peer *peer)
{
        peer->sent = 0;
        text_clear(&peer->out);
        if (peer->out.capacity > PEER_OUTPUT_KEPT_BYTES)
                text_deinit(&peer->out);
        if (peer->shared)
                shared_text_drop(&peer->shared);
}

void peer_flush(struct peer *peer)
{
        if (peer_is_drained(peer) || peer_send(peer))
                peer_clear_output(peer);
}

void peer_end_call(struct peer *peer)
{
        int64_t now_nsec = clock_nsec_of(CLOCK_MONOTONIC);

        counts_end(&peer->server->counts, peer->request.counted, now_nsec - peer->request.came_nsec);
        peer->request.counted = 0;
        peer->request.state = REQUEST_NONE;
        peer->active_msec = now_nsec / 1000000;
        text_deinit(&peer->request.outcomes);
}

void peer_check_memory(struct peer *peer)
{
        peer_charge(peer);
        if (!peer->request.outcomes.failed && !peers_is_over_memory(&peer->server->peers, peer))
                return;
        text_deinit(&peer->request.outcomes);
        peer_drop_output(peer, "output-bound");
        peer_charge(peer);
        ready_wake(&peer->ready);
}

/* Ends the connection if the output is over a bound: with a reply dropped, what follows would be out of
 * order. */
static void peer_check_output(struct peer *peer)
{
        peer_charge(peer);
        if (peer->out.failed || peer_unsent(peer) > LIMIT_OUTPUT_BYTES ||
            peers_is_over_memory(&peer->server->peers, peer))
                peer_drop_output(peer, "output-bound");
}

void peer_append_reply(struct peer *peer, const char *parameters, size_t length, bool continues)
{
        if (peer->request.mode != REPLY_NONE)
                reply_write(&peer->out, parameters, length, continues);
        if (!continues)
                peer_end_call(peer);
        peer_check_output(peer);
}

/* While the output waits no call is taken, so nothing comes behind a shared one; where something waits
 * already, the message is copied behind that. */
void peer_append_shared(struct peer *peer, struct shared_text *message)
{
        if (peer->request.mode != REPLY_NONE && peer->out.length)
                text_append(&peer->out, message->bytes, message->length);
        else if (peer->request.mode != REPLY_NONE)
                peer->shared = shared_text_use(message);
        peer_end_call(peer);
        peer_check_output(peer);
}

void peer_reply_part(struct peer *peer)
{
        peer_check_output(peer);
}

void peer_error(struct peer *peer, const char *error, const char *parameters)
{
        if (peer->request.mode != REPLY_NONE)
                reply_write_error(&peer->out, error, parameters);
        peer_end_call(peer);
        peer_check_output(peer);
}

void peer_answered(struct peer *peer)
{
        peer_flush(peer);
        /* The next call is not taken here: the model is in the middle of a step, and no call may run
         * there. */
        ready_wake(&peer->ready);
}

void peer_refuse_descriptors(struct peer *peer)
{
        static const char parameters[] = "{\"reason\":\"descriptors were passed with it\",\"offset\":0}";

        if (peer_runs_call(peer) || peer->shared) { /* no error can come behind either */
                peer_drop_output(peer, "descriptors");
                return;
        }
        audit_closed(peer, "descriptors");
        peer->request.mode = REPLY_ONCE;
        peer_error(peer, IO_SVCBROKER ".InvalidMessage", parameters);
        peer_finish(peer);
}
