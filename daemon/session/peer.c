#include "daemon/session/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log/log.h"
#include "daemon/edge/stream.h"
#include "daemon/order/order.h"
#include "daemon/session/dispatch.h"
#include "daemon/session/errors.h"
#include "daemon/methods/pieces.h"
#include "daemon/session/watcher.h"
#include "proto/interface.h"
#include "proto/limits.h"

/* What one connection may do before the others have their turn. */
#define READS_PER_TURN 4
#define CALLS_PER_TURN LIMIT_PIPELINED_CALLS

static void peer_on_poll(uv_poll_t *poll, int status, int events);

struct ticket peer_ticket(const struct peer *peer)
{
        return (struct ticket){.peer = peer->id, .call = peer->request.call};
}

static void peer_freed(void *owner)
{
        struct peer *peer = owner;

        stream_close(&peer->server->streams, peer->fd);
        frame_buffer_deinit(&peer->in);
        text_deinit(&peer->out);
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

        if (uv_is_closing((uv_handle_t *)&peer->poll))
                return;
        if (peer->request.running)
                order_abandon(server->registry, peer_ticket(peer));
        free(peer->parked_call);
        peer->parked_call = NULL;
        peer->parked = false;
        timer_stop(&peer->timer);
        peer->request.running = false;
        watcher_free(peer);
        pieces_end(peer);
        turns_remove(peer);
        peer_uncharge(peer);
        stream_end(peer->fd); /* the descriptor itself is closed when the loop has let go of it */
        uv_close((uv_handle_t *)&peer->poll, peer_poll_closed);
        server_remove_peer(server, peer);
}

/*
 * What the connection waits for decides how long it may:
 * - for the reader, with output that the socket does not take. No call is taken meanwhile;
 * - for its call that runs, as long as that takes;
 * - for the rest of the next call, nothing whole being there;
 * - for the next call.
 * Of a client that is gone, what is left to do has a time of its own.
 * With whole calls and no output it waits for nothing, and has its turn again (turns.h): the socket may
 * be too full to be polled writable (that takes three quarters of it read) and still take a reply.
 */
static int64_t peer_deadline(const struct peer *peer)
{
        if (peer->hung_up)
                return peer->gone_msec;
        if (peer->stalled_msec)
                return peer->stalled_msec + LIMIT_OUTPUT_STALL_MSEC;
        if (peer->request.running)
                return INT64_MAX;
        if (peer->frame_msec)
                return peer->frame_msec + LIMIT_FRAME_MSEC;
        return peer->active_msec + LIMIT_IDLE_MSEC;
}

static void peer_set_timer(struct peer *peer)
{
        int64_t deadline = peer_deadline(peer);
        int64_t now = clock_msec();

        if (deadline == INT64_MAX) {
                timer_stop(&peer->timer);
                return;
        }
        /* A running timer that is early finds out when it expires: no work for each call. */
        if (timer_is_running(&peer->timer) && peer->timer_msec <= deadline)
                return;
        peer->timer_msec = deadline;
        timer_start(&peer->timer, deadline > now ? (uint64_t)(deadline - now) : 0);
}

/* The rest of what a client sent before it went. */
static void peer_drop_calls(const struct peer *peer)
{
        unsigned calls = (unsigned)frame_buffer_complete(&peer->in, LIMIT_REQUEST_BYTES) + peer->parked;

        if (calls)
                log_refusal(access_log_source(peer->access),
                            "peer: dropped: why=gone calls=%u uid=%d pid=%d connection=%lld", calls,
                            (int)peer->identity.uid, (int)peer->identity.pid, (long long)peer->id);
}

static void peer_give_up(struct peer *peer)
{
        if (peer->hung_up)
                peer_drop_calls(peer);
        if (peer->stalled_msec || peer->frame_msec)
                log_refusal(access_log_source(peer->access), "peer: closed: why=%s uid=%d pid=%d",
                            peer->stalled_msec ? "not-reading" : "request-not-whole", (int)peer->identity.uid,
                            (int)peer->identity.pid);
        peer_close(peer);
}

static void peer_expired(void *owner);

struct peer *peer_new(struct server *server, int fd, const struct identity *identity, enum access access)
{
        struct peer *peer = calloc(1, sizeof(*peer));

        if (!peer || uv_poll_init(server->loop, &peer->poll, fd)) {
                stream_close(&server->streams, fd);
                free(peer);
                return NULL;
        }
        peer->server = server;
        peer->fd = fd;
        peer->identity = *identity;
        peer->access = access;
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
                peer->closing = true;
                return;
        }
        memcpy(copy, message, length + 1); /* and the NUL behind it */
        peer->parked = true;
        peer->parked_call = copy;
        peer->parked_length = length;
        timer_start(&peer->timer, (uint64_t)msec);
}

/* Whatever else it sent stays where it is. */
static void peer_refuse_descriptors(struct peer *peer)
{
        static const char parameters[] = "{\"reason\":\"descriptors were passed with it\",\"offset\":0}";

        if (peer->request.running) {
                peer_drop_output(peer, "descriptors");
                return;
        }
        log_refusal(access_log_source(peer->access), "peer: closed: why=descriptors uid=%d pid=%d",
                    (int)peer->identity.uid, (int)peer->identity.pid);
        peer->request.oneway = false;
        peer_error(peer, IO_SVCBROKER ".InvalidMessage", parameters);
        peer->closing = true;
}

static void peer_receive(struct peer *peer)
{
        for (int i = 0; i < READS_PER_TURN && !peer->end_of_input; i++) {
                size_t room;
                char *bytes = frame_buffer_reserve(&peer->in, &room);
                ssize_t length;

                if (!bytes) {
                        peer->closing = peer->closing || room; /* out of memory */
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
                        peer->end_of_input = true;
                        return;
                }
                frame_buffer_commit(&peer->in, (size_t)length);
                peer_charge(peer);
                if (peer_is_over_memory(peer)) {
                        peer_drop_output(peer, "input-bound");
                        return;
                }
                if ((size_t)length < room)
                        return;
        }
}

/* A call that came in time counts, even if this turn of the loop comes late. */
static bool peer_was_heard(struct peer *peer)
{
        bool begun = frame_buffer_pending(&peer->in);

        if (peer->hung_up || peer->stalled_msec || peer->request.running || peer->closing)
                return false;
        peer_receive(peer);
        return peer->closing || peer->end_of_input ||
               (begun ? frame_buffer_complete(&peer->in, 1) : frame_buffer_pending(&peer->in)) > 0;
}

static void peer_expired(void *owner)
{
        struct peer *peer = owner;
        int64_t now = clock_msec();

        if (peer->parked && (!peer->hung_up || now < peer->gone_msec)) {
                peer->due = true;
                turns_add(peer);
                return;
        }
        if (peer_deadline(peer) <= now && peer_was_heard(peer)) {
                turns_add(peer);
                return;
        }
        if (peer_deadline(peer) <= now) {
                /* Who reads slowly made room without an event: only trying tells it from who does not. */
                if (peer->stalled_msec)
                        peer_flush(peer);
                if (peer_deadline(peer) <= now) {
                        peer_give_up(peer);
                        return;
                }
        }
        peer_continue(peer);
}

static void peer_refuse_frame(struct peer *peer)
{
        peer->request.oneway = false;
        errors_limit(peer, "request_bytes", LIMIT_REQUEST_BYTES);
        peer->closing = true;
}

/* Nobody hears what becomes of it: it goes on without a wait. */
static void peer_forsake_if_gone(struct peer *peer)
{
        bool ended;

        if (!peer->hung_up || !peer->request.running || peer->parked)
                return;
        ended = order_abandon(peer->server->registry, peer_ticket(peer)) || peer->watcher || peer->pieces;

        watcher_free(peer);
        pieces_end(peer);
        peer->request.oneway = true;
        if (ended)
                peer_end_call(peer);
}

/* Takes calls as long as none runs and the answers are read. */
static void peer_take_calls(struct peer *peer)
{
        for (int i = 0; i < CALLS_PER_TURN; i++) {
                char *message;
                size_t length;

                if (peer->request.running || peer->closing || peer->stalled_msec || peer->server->draining ||
                    (i && turns_is_over(peer)))
                        return;
                switch (frame_buffer_next(&peer->in, &message, &length)) {
                case FRAME_PARTIAL:
                        return;
                case FRAME_TOO_LARGE:
                        peer_refuse_frame(peer);
                        return;
                case FRAME_READY:
                        peer->active_msec = clock_msec();
                        peer->request.running = true;
                        peer->request.call++;
                        peer->dispatching = true;
                        dispatch_message(peer, message, length);
                        peer->dispatching = false;
                        peer_forsake_if_gone(peer);
                        peer_flush(peer); /* who does not read stalls its own next call */
                        break;
                }
        }
}

/* Its client is gone, and there may be more of what it sent: no event tells of that. */
static bool peer_reads_on(const struct peer *peer)
{
        return peer->hung_up && !peer->end_of_input && !peer->closing && !peer->request.running &&
               !frame_buffer_complete(&peer->in, 1);
}

/* There is something to do that no event will tell of. */
static bool peer_has_more(const struct peer *peer)
{
        if (watcher_is_behind(peer) || pieces_are_due(peer) || peer_reads_on(peer))
                return true;
        return !peer->request.running && !peer->closing && !peer->server->draining &&
               (frame_buffer_complete(&peer->in, 1) || frame_buffer_pending(&peer->in) > LIMIT_REQUEST_BYTES);
}

static void peer_set_poll(struct peer *peer)
{
        int events = 0;

        if (!peer->end_of_input && !peer->parked && !peer->closing &&
            frame_buffer_complete(&peer->in, LIMIT_PIPELINED_CALLS) < LIMIT_PIPELINED_CALLS &&
            frame_buffer_pending(&peer->in) <= LIMIT_REQUEST_BYTES)
                events |= UV_READABLE;
        if (!peer_is_drained(peer))
                events |= UV_WRITABLE;
        if (peer->hung_up)
                return;
        /* Nothing but a complete hang-up is of interest: epoll always tells that. */
        if (!events)
                events = UV_PRIORITIZED;
        if (events != peer->polled)
                uv_poll_start(&peer->poll, events, peer_on_poll);
        peer->polled = events;
}

/* A part of a call came, and nothing but its rest can go on. */
static bool peer_waits_for_rest(const struct peer *peer)
{
        return !peer->request.running && peer_is_drained(peer) && frame_buffer_pending(&peer->in) &&
               !frame_buffer_complete(&peer->in, 1);
}

/* The reader has taken what kept further outcomes waiting. */
static void peer_take_outcomes(struct peer *peer)
{
        if (!peer->request.behind || !peer_is_drained(peer))
                return;
        peer->request.behind = false;
        if (peer->request.running)
                order_go_on(peer->server->registry, peer_ticket(peer));
}

void peer_continue(struct peer *peer)
{
        uint64_t before = peer->request.call;
        bool more;

        if (peer_reads_on(peer))
                peer_receive(peer);
        peer_flush(peer); /* what stalled may have been all that kept the next call waiting */
        peer_take_calls(peer);
        watcher_pump(peer);
        pieces_pump(peer);
        peer_flush(peer);
        peer_take_outcomes(peer);
        peer_charge(peer);
        more = peer_has_more(peer);
        if (peer->closing && peer_is_drained(peer)) {
                peer_close(peer);
                return;
        }
        if ((peer->end_of_input || peer->server->draining) && !peer->request.running && !more &&
            peer_is_drained(peer)) {
                peer_close(peer);
                return;
        }
        if (more && peer_is_drained(peer))
                turns_add(peer);
        if (!peer_waits_for_rest(peer))
                peer->frame_msec = 0;
        else if (!peer->frame_msec || peer->request.call != before)
                peer->frame_msec = clock_msec();
        peer_set_poll(peer);
        if (!peer->parked)
                peer_set_timer(peer);
}

void peer_turn(struct peer *peer)
{
        if (peer->parked && peer->due) {
                peer->parked = peer->due = false;
                peer->dispatching = true;
                dispatch_parked(peer);
                peer->dispatching = false;
                peer_forsake_if_gone(peer);
        }
        if (peer->readable) {
                peer->readable = false;
                peer_receive(peer);
        }
        peer_continue(peer);
}

/* It is gone, and reads nothing any more. What it sent whole is done all the same, but nothing waits. */
static void peer_on_hang_up(struct peer *peer)
{
        bool unfinished;

        if (!peer->closing && !peer->parked)
                peer_receive(peer);
        unfinished = !peer->closing &&
                     (peer->parked || !peer->end_of_input || frame_buffer_complete(&peer->in, 1));
        if (!unfinished || !server_let_go(peer->server, peer)) {
                if (unfinished)
                        peer_drop_calls(peer);
                peer_close(peer);
                return;
        }
        uv_poll_stop(&peer->poll); /* it would tell of the end again and again */
        peer->polled = 0;
        peer->gone_msec = clock_msec() + GONE_MSEC;
        peer->sent = peer->out.length;
        peer->stalled_msec = 0;
        peer_forsake_if_gone(peer);
        turns_add(peer);
}

static void peer_on_poll(uv_poll_t *poll, int status, int events)
{
        struct peer *peer = poll->data;

        if (status < 0 || events & UV_PRIORITIZED) {
                peer_on_hang_up(peer);
                return;
        }
        peer->readable = peer->readable || events & UV_READABLE;
        if (peer->access == ACCESS_ROOT)
                peer_turn(peer);
        else
                turns_add(peer);
}
