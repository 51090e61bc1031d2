/* SPDX-License-Identifier: ISC */
#include "daemon/session/peer.h"

#include "proto/limits.h"

/*
 * How long a connection may wait depends on what it waits for:
 * - for the reader, while the socket takes no output: LIMIT_OUTPUT_STALL_MSEC; no call is taken meanwhile;
 * - for its running call: as long as that takes;
 * - for the rest of the next call, while no whole call is there: LIMIT_FRAME_MSEC;
 * - for the next call: LIMIT_IDLE_MSEC.
 * What a client that is gone has left to do has a time of its own, GONE_MSEC.
 * A connection with whole calls and no output waits for nothing, and has its turn again: its socket may be
 * too full to be polled writable (that takes three quarters of it read), and still take a reply.
 */
int64_t peer_deadline(const struct peer *peer)
{
        if (peer_state_is_gone(peer->state))
                return peer->gone_msec;
        if (peer->stalled_msec)
                return peer->stalled_msec + LIMIT_OUTPUT_STALL_MSEC;
        if (peer_runs_call(peer))
                return INT64_MAX;
        if (peer->frame_msec)
                return peer->frame_msec + LIMIT_FRAME_MSEC;
        return peer->active_msec + LIMIT_IDLE_MSEC;
}

bool peer_reads_on(const struct peer *peer)
{
        return peer->state == PEER_GONE && !peer_runs_call(peer) && !frame_buffer_complete(&peer->in, 1);
}

bool peer_has_more(const struct peer *peer)
{
        const struct feed *feed = peer->request.feed;

        if ((feed && (!feed->is_due || feed->is_due(feed, peer))) || peer_reads_on(peer))
                return true;
        return !peer_runs_call(peer) && peer_state_takes_calls(peer->state) && !peer->server->draining &&
               (frame_buffer_complete(&peer->in, 1) || frame_buffer_pending(&peer->in) > LIMIT_REQUEST_BYTES);
}

bool peer_waits_for_rest(const struct peer *peer)
{
        return !peer_runs_call(peer) && peer_is_drained(peer) && frame_buffer_pending(&peer->in) &&
               !frame_buffer_complete(&peer->in, 1);
}

int peer_events(const struct peer *peer)
{
        int events = 0;

        if (peer_state_is_gone(peer->state))
                return 0;
        if (peer->state == PEER_OPEN && !peer_is_parked(peer) &&
            frame_buffer_complete(&peer->in, LIMIT_PIPELINED_CALLS) < LIMIT_PIPELINED_CALLS &&
            frame_buffer_pending(&peer->in) <= LIMIT_REQUEST_BYTES)
                events |= UV_READABLE;
        if (!peer_is_drained(peer))
                events |= UV_WRITABLE;
        /* Only a complete hang-up is of interest then, of which epoll always tells. */
        return events ? events : UV_PRIORITIZED;
}

bool peer_is_done(const struct peer *peer, bool more)
{
        if (!peer_is_drained(peer))
                return false;
        if (!peer_state_takes_calls(peer->state))
                return true;
        return (!peer_state_reads(peer->state) || peer->server->draining) && !peer_runs_call(peer) && !more;
}
