/* SPDX-License-Identifier: ISC */
#include "daemon/session/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/edge/stream.h"
#include "daemon/loop/pace.h"
#include "daemon/order/order.h"
#include "daemon/session/audit.h"
#include "daemon/session/errors.h"
#include "proto/limits.h"

static void peer_on_poll(uv_poll_t *poll, int status, int events);
static void peer_expired(void *owner);
static bool peer_step(struct ready *ready);

static void peer_freed(void *owner)
{
        struct peer *peer = owner;

        frame_buffer_deinit(&peer->in);
        text_deinit(&peer->out);
        shared_text_drop(&peer->shared);
        text_deinit(&peer->request.outcomes);
        free(peer);
}

static void peer_poll_closed(uv_handle_t *handle)
{
        struct peer *peer = handle->data;

        timer_close(&peer->timer, peer_freed);
}

void peer_close(struct peer *peer)
{
        struct server *server = peer->server;

        if (peer->state == PEER_CLOSED)
                return;
        if (peer_runs_call(peer))
                order_abandon(server->registry, peer_ticket(peer));
        free(peer->request.parked);
        peer->request.parked = NULL;
        peer->request.state = REQUEST_NONE;
        timer_stop(&peer->timer);
        feed_end(peer);
        ready_remove(&peer->ready);
        peer_uncharge(peer);
        uv_close((uv_handle_t *)&peer->poll, peer_poll_closed); /* from here on the loop does not poll it */
        stream_close(&server->streams, peer->fd);
        peer->fd = -1;
        peers_remove(&server->peers, peer);
        peer_follow(peer, PEER_EVENT_CLOSED);
        if (server->draining && !server->peers.count && server->drained)
                timer_start(&server->drain, 0);
}

struct peer *peer_new(struct server *server, int fd, const struct identity *identity, enum access access)
{
        struct peer *peer = calloc(1, sizeof(*peer));

        if (!peer || uv_poll_init(server->loop, &peer->poll, fd)) {
                stream_close(&server->streams, fd);
                free(peer);
                return NULL;
        }
        peer->server = server;
        peer->state = PEER_OPEN;
        peer->fd = fd;
        peer->identity = *identity;
        peer->access = access;
        ready_init(&peer->ready, access == ACCESS_ROOT ? &server->turns_root : &server->turns, peer_step);
        peer->active_msec = clock_msec();
        frame_buffer_init(&peer->in, LIMIT_REQUEST_BYTES);
        text_init(&peer->out);
        text_init(&peer->request.outcomes);
        peer->poll.data = peer;
        timer_init(&peer->timer, server->loop, peer_expired, peer);
        return peer;
}

void peer_park(struct peer *peer, const char *message, size_t length, int64_t msec)
{
        char *copy = malloc(length + 1);

        if (!copy) {
                peer_finish(peer);
                return;
        }
        memcpy(copy, message, length + 1); /* and the NUL behind it */
        peer->request.state = REQUEST_PARKED;
        peer->request.parked = copy;
        peer->request.parked_length = length;
        timer_start(&peer->timer, (uint64_t)msec);
}

/* Reads what has come, up to PEER_READS_PER_TURN times. */
static void peer_receive(struct peer *peer)
{
        for (int i = 0; i < PEER_READS_PER_TURN && peer_state_reads(peer->state); i++) {
                size_t room;
                char *bytes = frame_buffer_reserve(&peer->in, &room);
                ssize_t length;

                if (!bytes) {
                        if (room) /* the buffer is not full: there is no memory */
                                peer_finish(peer);
                        return;
                }
                length = stream_receive(&peer->server->streams, peer->fd, bytes, room);
                if (length < 0 && errno == EINTR)
                        continue;
                if (length < 0 && errno == EAGAIN)
                        return;
                if (length < 0 && errno == EBADMSG) {
                        peer_refuse_descriptors(peer);
                        return;
                }
                if (length <= 0) {
                        peer_follow(peer, PEER_EVENT_END);
                        return;
                }
                frame_buffer_commit(&peer->in, (size_t)length);
                peer_charge(peer);
                if (peers_is_over_memory(&peer->server->peers, peer)) {
                        peer_drop_output(peer, "input-bound");
                        return;
                }
                if ((size_t)length < room)
                        return;
        }
}

/* If the client is gone, its running call goes on without anybody who waits for the outcome. */
static void peer_forsake_if_gone(struct peer *peer)
{
        bool ended;

        if (!peer_state_is_gone(peer->state) || peer->request.state != REQUEST_RUNNING)
                return;
        ended = order_abandon(peer->server->registry, peer_ticket(peer)) || peer->request.feed;
        feed_end(peer);
        peer->request.mode = REPLY_NONE;
        if (ended)
                peer_end_call(peer);
}

static void peer_take_call(struct peer *peer, char *message, size_t length)
{
        peer->request.state = REQUEST_RUNNING;
        peer->server->take_call(peer, message, length);
        peer_forsake_if_gone(peer);
}

static void peer_take_parked(struct peer *peer)
{
        char *message = peer->request.parked;

        peer->request.parked = NULL;
        peer_take_call(peer, message, peer->request.parked_length);
        free(message);
}

/* Takes calls as long as none runs and the client reads the answers. */
static void peer_take_calls(struct peer *peer)
{
        for (int i = 0; i < PEER_CALLS_PER_TURN; i++) {
                char *message;
                size_t length;

                if (peer_runs_call(peer) || !peer_state_takes_calls(peer->state) || peer->stalled_msec ||
                    peer->server->draining ||
                    (i && peer->access != ACCESS_ROOT && ready_is_over(&peer->ready)))
                        return;
                switch (frame_buffer_next(&peer->in, &message, &length)) {
                case FRAME_PARTIAL:
                        return;
                case FRAME_TOO_LARGE:
                        peer->request.mode = REPLY_ONCE;
                        errors_limit(peer, "request_bytes", LIMIT_REQUEST_BYTES);
                        peer_finish(peer);
                        return;
                case FRAME_READY:
                        peer->request.number++;
                        peer->request.counted = 0;
                        peer->request.came_nsec = clock_nsec_of(CLOCK_MONOTONIC);
                        peer->active_msec = peer->request.came_nsec / 1000000;
                        peer_take_call(peer, message, length);
                        peer_flush(peer); /* a client that does not read stalls its own next call */
                        break;
                }
        }
}

/* Logs that the rest of the calls of a client that is gone will not be done. */
static void peer_drop_calls(const struct peer *peer)
{
        unsigned calls =
                (unsigned)frame_buffer_complete(&peer->in, LIMIT_REQUEST_BYTES) + peer_is_parked(peer);

        if (calls)
                audit_dropped(peer, calls);
}

static void peer_give_up(struct peer *peer)
{
        if (peer_state_is_gone(peer->state))
                peer_drop_calls(peer);
        if (peer->stalled_msec || peer->frame_msec)
                audit_closed(peer, peer->stalled_msec ? "not-reading" : "request-not-whole");
        peer_close(peer);
}

/* Whether the peer sent something in time after all: a call counts even if this turn of the loop comes
 * late. */
static bool peer_was_heard(struct peer *peer)
{
        bool begun = frame_buffer_pending(&peer->in);

        if (peer_state_is_gone(peer->state) || peer->state == PEER_CLOSING || peer->stalled_msec ||
            peer_runs_call(peer))
                return false;
        peer_receive(peer);
        return !peer_state_reads(peer->state) ||
               (begun ? frame_buffer_complete(&peer->in, 1) : frame_buffer_pending(&peer->in)) > 0;
}

static void peer_expired(void *owner)
{
        struct peer *peer = owner;
        int64_t now = clock_msec();

        if (peer_is_parked(peer) && (!peer_state_is_gone(peer->state) || now < peer->gone_msec)) {
                peer->request.state = REQUEST_DUE;
                ready_wake(&peer->ready);
                return;
        }
        if (peer_deadline(peer) <= now && peer_was_heard(peer)) {
                ready_wake(&peer->ready);
                return;
        }
        if (peer_deadline(peer) <= now) {
                /* A slow reader makes room without an event: only trying to send tells it from one that does
                 * not read at all. */
                if (peer->stalled_msec)
                        peer_flush(peer);
                if (peer_deadline(peer) <= now) {
                        peer_give_up(peer);
                        return;
                }
        }
        peer_continue(peer);
}

static void peer_set_timer(struct peer *peer)
{
        int64_t deadline = peer_deadline(peer);
        int64_t now;

        if (deadline == INT64_MAX) {
                timer_stop(&peer->timer);
                return;
        }
        /* A running timer that is too early is set anew when it expires, which spares the work at each
         * call. */
        if (timer_is_running(&peer->timer) && peer->timer_msec <= deadline)
                return;
        now = clock_msec();
        peer->timer_msec = deadline;
        timer_start(&peer->timer, deadline > now ? (uint64_t)(deadline - now) : 0);
}

static void peer_set_poll(struct peer *peer)
{
        int events = peer_events(peer);

        if (events && events != peer->polled)
                uv_poll_start(&peer->poll, events, peer_on_poll);
        peer->polled = events;
}

/* Lets further outcomes of the running call come, once the reader has taken those before. */
static void peer_take_outcomes(struct peer *peer)
{
        if (!peer->request.behind || !peer_is_drained(peer))
                return;
        peer->request.behind = false;
        if (peer_runs_call(peer))
                order_go_on(peer->server->registry, peer_ticket(peer));
}

void peer_continue(struct peer *peer)
{
        uint64_t before = peer->request.number;
        bool more;

        if (peer_reads_on(peer))
                peer_receive(peer);
        peer_flush(peer); /* stalled output may have been all that kept the next call waiting */
        peer_take_calls(peer);
        if (peer->request.feed)
                feed_pump(peer);
        peer_flush(peer);
        peer_take_outcomes(peer);
        peer_charge(peer);
        more = peer_has_more(peer);
        if (peer_is_done(peer, more)) {
                peer_close(peer);
                return;
        }
        if (more && peer_is_drained(peer))
                ready_wake(&peer->ready);
        if (!peer_waits_for_rest(peer))
                peer->frame_msec = 0;
        else if (!peer->frame_msec || peer->request.number != before)
                peer->frame_msec = clock_msec();
        peer_set_poll(peer);
        if (!peer_is_parked(peer))
                peer_set_timer(peer);
}

static void peer_go_on(struct peer *peer)
{
        if (peer->request.state == REQUEST_DUE)
                peer_take_parked(peer);
        if (peer->readable) {
                peer->readable = false;
                peer_receive(peer);
        }
        peer_continue(peer);
}

void peer_begin(struct peer *peer)
{
        peer->readable = true;
        ready_wake(&peer->ready);
}

static bool peer_step(struct ready *ready)
{
        peer_go_on((struct peer *)((char *)ready - offsetof(struct peer, ready)));
        return false; /* peer_continue() has woken the peer again, if there is more */
}

/* The client is gone, and no longer reads. The calls that it sent whole are done all the same, but no outcome
 * is waited for. */
static void peer_on_hang_up(struct peer *peer)
{
        bool unfinished;

        if (!peer_is_parked(peer))
                peer_receive(peer);
        unfinished = peer_state_takes_calls(peer->state) &&
                     (peer_is_parked(peer) || peer_state_reads(peer->state) ||
                      frame_buffer_complete(&peer->in, 1));
        if (!unfinished || !peers_let_go(&peer->server->peers, peer)) {
                if (unfinished)
                        peer_drop_calls(peer);
                peer_close(peer);
                return;
        }
        peer_follow(peer, PEER_EVENT_HANG_UP);
        uv_poll_stop(&peer->poll); /* libuv would report the hang-up again and again */
        peer->polled = 0;
        peer->gone_msec = clock_msec() + GONE_MSEC;
        peer_clear_output(peer);
        peer->stalled_msec = 0;
        peer_forsake_if_gone(peer);
        ready_wake(&peer->ready);
}

static void peer_on_poll(uv_poll_t *poll, int status, int events)
{
        struct peer *peer = poll->data;

        pace_woken();
        if (status < 0 || events & UV_PRIORITIZED) {
                peer_on_hang_up(peer);
                return;
        }
        peer->readable = peer->readable || events & UV_READABLE;
        if (peer->access == ACCESS_ROOT)
                peer_go_on(peer);
        else
                ready_wake(&peer->ready);
}
