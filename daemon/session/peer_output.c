#include "daemon/session/peer.h"

#include <errno.h>

#include "daemon/log/log.h"
#include "daemon/session/errors.h"
#include "daemon/methods/pieces.h"
#include "daemon/session/watcher.h"
#include "proto/call.h"
#include "proto/limits.h"

/* Output memory that is kept between replies. */
#define OUTPUT_KEPT_BYTES 4096
/* What goes out at once. The kernel counts a piece as read when all of it was: the largest that it would make
 * of its own accord are half of what it queues, and a slow reader of those would look like none. */
#define SEND_BYTES (16 * 1024)

bool peer_is_drained(const struct peer *peer)
{
        return peer->sent == peer->out.length;
}

/* Root's connections have memory of their own. */
static size_t *peer_share(const struct peer *peer)
{
        return peer->access == ACCESS_ROOT ? &peer->server->memory_root_bytes : &peer->server->memory_bytes;
}

void peer_uncharge(struct peer *peer)
{
        *peer_share(peer) -= peer->charged_bytes;
        if (peer->quota)
                peer->quota->memory_bytes -= peer->charged_bytes;
        peer->charged_bytes = 0;
}

void peer_charge(struct peer *peer)
{
        size_t bytes = peer->in.capacity + peer->out.capacity + peer->request.outcomes.capacity;

        if (peer->parked)
                bytes += peer->parked_length;
        if (peer->watcher)
                bytes += peer->watcher->bytes;
        if (peer->pieces)
                bytes += peer->pieces->bytes;
        *peer_share(peer) += bytes - peer->charged_bytes;
        if (peer->quota)
                peer->quota->memory_bytes += bytes - peer->charged_bytes;
        peer->charged_bytes = bytes;
}

void peer_flush(struct peer *peer)
{
        while (!peer_is_drained(peer)) {
                size_t left = peer->out.length - peer->sent;
                ssize_t sent = stream_send(&peer->server->streams, peer->fd, peer->out.bytes + peer->sent,
                                           left < SEND_BYTES ? left : SEND_BYTES);

                if (sent < 0 && errno == EINTR)
                        continue;
                if (sent < 0 && errno == EAGAIN) {
                        if (!peer->stalled_msec)
                                peer->stalled_msec = clock_msec();
                        return;
                }
                if (sent < 0) { /* it is gone: nothing more can be said to it */
                        peer->end_of_input = true;
                        sent = (ssize_t)left;
                }
                peer->sent += (size_t)sent;
                peer->stalled_msec = 0;
        }
        peer->sent = 0;
        text_clear(&peer->out);
        if (peer->out.capacity > OUTPUT_KEPT_BYTES) {
                text_deinit(&peer->out);
                text_init(&peer->out);
        }
}

void peer_end_call(struct peer *peer)
{
        peer->request.running = false;
        peer->active_msec = clock_msec();
        text_deinit(&peer->request.outcomes);
        text_init(&peer->request.outcomes);
}

bool peer_is_over_memory(const struct peer *peer)
{
        if (peer->access == ACCESS_ROOT)
                return peer->server->memory_root_bytes > LIMIT_MEMORY_ROOT_BYTES;
        return peer->server->memory_bytes > LIMIT_MEMORY_BYTES ||
               (peer->quota && peer->quota->memory_bytes > LIMIT_MEMORY_UID_BYTES);
}

void peer_drop_output(struct peer *peer, const char *why)
{
        log_refusal(access_log_source(peer->access), "peer: closed: why=%s uid=%d pid=%d", why,
                    (int)peer->identity.uid, (int)peer->identity.pid);
        peer->closing = true;
        text_deinit(&peer->out);
        text_init(&peer->out);
        peer->sent = 0;
        peer->stalled_msec = 0;
}

void peer_check_memory(struct peer *peer)
{
        peer_charge(peer);
        if (!peer->request.outcomes.failed && !peer_is_over_memory(peer))
                return;
        text_deinit(&peer->request.outcomes);
        text_init(&peer->request.outcomes);
        peer_drop_output(peer, "output-bound");
        peer_charge(peer);
        turns_add(peer);
}

/* Output over a bound ends the connection: nothing that follows could be in order. */
static void peer_check_output(struct peer *peer)
{
        peer_charge(peer);
        if (peer->out.failed || peer->out.length - peer->sent > LIMIT_OUTPUT_BYTES ||
            peer_is_over_memory(peer)) {
                peer_drop_output(peer, "output-bound");
        }
}

void peer_reply(struct peer *peer, const char *parameters, size_t length, bool continues)
{
        /* A message takes a little more than its parameters. */
        if (length > LIMIT_OUTPUT_BYTES - 64) {
                errors_limit(peer, "output_bytes", LIMIT_OUTPUT_BYTES);
                return;
        }
        if (!peer->request.oneway)
                reply_write(&peer->out, parameters, length, continues);
        if (!continues)
                peer_end_call(peer);
        peer_check_output(peer);
}

void peer_reply_text(struct peer *peer, struct text *parameters, bool continues)
{
        if (parameters->failed)
                peer->closing = true; /* out of memory */
        else
                peer_reply(peer, parameters->bytes, parameters->length, continues);
        text_deinit(parameters);
}

void peer_error(struct peer *peer, const char *error, const char *parameters)
{
        if (!peer->request.oneway)
                reply_write_error(&peer->out, error, parameters);
        peer_end_call(peer);
        peer_check_output(peer);
}

void peer_answered(struct peer *peer)
{
        peer_flush(peer);
        if (peer->dispatching)
                return;
        /* Not now: the model is in the middle of something, and the next call must not run in there. */
        turns_add(peer);
}
