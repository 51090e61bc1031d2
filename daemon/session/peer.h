/* SPDX-License-Identifier: ISC */
#ifndef SESSION_PEER_H
#define SESSION_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/bounds.h"
#include "daemon/loop/ready.h"
#include "daemon/loop/timer.h"
#include "daemon/session/access.h"
#include "daemon/session/feed.h"
#include "daemon/session/peer_state.h"
#include "daemon/session/server.h"
#include "proto/frame.h"
#include "proto/text.h"

/* What has become of a connection's call. */
enum request_state {
        REQUEST_NONE,    /* no call runs: the next one may be taken */
        REQUEST_RUNNING, /* its method was called, and has not given the last reply yet */
        REQUEST_PARKED,  /* its method was not called: the call waits until its uid may change something */
        REQUEST_DUE,     /* a parked call whose wait has ended: it is to be taken up again */
};

/* What the caller of a request gets. */
enum reply_mode {
        REPLY_ONCE, /* one reply */
        REPLY_MORE, /* "more" was asked for: one reply for each outcome, or a reply in pieces */
        REPLY_NONE, /* no reply: the call is oneway, or its client is gone */
};

/* The call that a connection runs; it runs one at a time. */
struct request {
        enum request_state state;
        enum reply_mode mode;
        uint64_t number;   /* counts the calls of the connection, for the ticket */
        size_t counted;    /* for counts_end(): the method's number plus one; 0: no method has begun */
        int64_t came_nsec; /* when the call was taken, by CLOCK_MONOTONIC */
        char *parked;      /* REQUEST_PARKED, REQUEST_DUE: the call as it came */
        size_t parked_length;
        size_t reply_at; /* where in the output the reply that is being written begins */
        /* Makes the further replies; NULL: the model answers, or there are none. */
        struct feed *feed;

        /* methods/orders.c, methods/outcomes.c */
        bool single;          /* one name without "more": a failure is the error reply */
        bool any;             /* `outcomes` has at least one */
        struct text outcomes; /* gathered for one reply */
        unsigned left_out;    /* outcomes that had no room in the reply */
        bool behind;          /* further outcomes wait until the reader has taken the output */
};

/* One connection. */
struct peer {
        struct server *server;
        uint64_t id;
        unsigned seat; /* its place in server.peers */
        enum peer_state state;
        int fd;
        uv_poll_t poll;
        int polled;         /* the events polled for */
        bool readable;      /* the kernel has said so since the peer's last turn */
        struct ready ready; /* waits for the peer's turn in server.turns or server.turns_root */
        struct timer timer;
        int64_t timer_msec; /* when the timer expires, while it runs for a deadline */
        struct identity identity;
        char process[PROC_COMM_BYTES]; /* what it called itself at its first order; empty: not known */
        enum access access;
        struct quota_uid *quota; /* NULL: not counted */
        struct frame_buffer in;
        struct text out;            /* the output */
        struct shared_text *shared; /* the output instead, while `out` is empty; NULL: there is none */
        size_t sent;                /* bytes of the output that the socket has taken */
        size_t charged_bytes;       /* the peer's part of peers.memory_bytes, or of memory_root_bytes */
        struct request request;
        int64_t active_msec;  /* last time a call came or ended */
        int64_t frame_msec;   /* since when only a part of the next call is there; 0: no part waits */
        int64_t stalled_msec; /* since when output waits and the socket takes none of it; 0: it does not */
        int64_t gone_msec;    /* its client is gone: calls not begun by then are dropped */
};

static inline bool peer_runs_call(const struct peer *peer)
{
        return peer->request.state != REQUEST_NONE;
}

static inline bool peer_is_parked(const struct peer *peer)
{
        return peer->request.state == REQUEST_PARKED || peer->request.state == REQUEST_DUE;
}

/* How many bytes of output the socket has not taken. */
static inline size_t peer_unsent(const struct peer *peer)
{
        return (peer->shared ? peer->shared->length : peer->out.length) - peer->sent;
}

/* Whether all of the peer's output has been sent. */
static inline bool peer_is_drained(const struct peer *peer)
{
        return peer_unsent(peer) == 0;
}

static inline struct ticket peer_ticket(const struct peer *peer)
{
        return (struct ticket){.peer = peer->id, .call = peer->request.number};
}

static inline void peer_follow(struct peer *peer, enum peer_event event)
{
        peer->state = peer_state_next(peer->state, event);
}

/* peer_wants.c: what a peer waits for, and what is to be done for it. Pure. */

/* When the peer is given up, by clock_msec(); INT64_MAX: its running call may take as long as it takes. */
int64_t peer_deadline(const struct peer *peer);

/* Whether the client is gone and its socket may hold more calls, which no event tells of. */
bool peer_reads_on(const struct peer *peer);

/* Whether the peer has something to do that no event will tell of. */
bool peer_has_more(const struct peer *peer);

/* Whether a part of a call is there, and nothing can be done until the rest comes. */
bool peer_waits_for_rest(const struct peer *peer);

/* Whether nothing is left to be done for the peer, or to be sent to it. more: peer_has_more(). */
bool peer_is_done(const struct peer *peer, bool more);

/* The events that the peer's socket is polled for; 0 if its client is gone. */
int peer_events(const struct peer *peer);

/* peer_output.c: what is sent, and what buffers cost. */

/* Takes nothing more from the peer, and closes it when its output is sent. Running out of memory for a peer
 * ends the same way. */
void peer_finish(struct peer *peer);

/* Empties the output: it has been sent, or nobody is to read it. */
void peer_clear_output(struct peer *peer);

/* Throws the peer's output away, and closes the peer in its next turn. why: for the log. */
void peer_drop_output(struct peer *peer, const char *why);

/* Sends the output, as far as the socket takes it now. */
void peer_flush(struct peer *peer);

/* These append to the output a reply of the running call, its last reply as a whole message, or its error,
 * which is its last reply. Output over a bound ends the connection. */
void peer_append_reply(struct peer *peer, const char *parameters, size_t length, bool continues);
void peer_append_shared(struct peer *peer, struct shared_text *message);
void peer_error(struct peer *peer, const char *error, const char *parameters);

/* Checks the output against its bounds, once more of a reply was appended; over a bound the connection
 * ends. */
void peer_reply_part(struct peer *peer);

/* Refuses a peer that has passed descriptors with its bytes; the rest of what it sent is not read. */
void peer_refuse_descriptors(struct peer *peer);

/* Sends a reply that came later than its call's turn. The next call is taken in the peer's own turn. Closes
 * nothing. */
void peer_answered(struct peer *peer);

/* Ends the running call, which needs no further answer. */
void peer_end_call(struct peer *peer);

/* Checks the outcomes gathered for a reply against the bounds of memory; over a bound the connection ends. */
void peer_check_memory(struct peer *peer);

/* Counts what the peer's buffers hold now, for its uid, and for root or for all others together. A closed
 * peer is counted for nothing. */
void peer_charge(struct peer *peer);

/* Takes the peer's buffers out of these counts. */
void peer_uncharge(struct peer *peer);

/* peer_reply.c */

/* Replies to the running call. parameters: JSON text of an object. continues false ends the call. */
void peer_reply(struct peer *peer, const char *parameters, size_t length, bool continues);
/* Does the same, and frees the text; a text that failed ends the connection. */
void peer_reply_text(struct peer *peer, struct text *parameters, bool continues);

/* These do the same without a copy: the caller appends the parameters, JSON text of an object, to the text
 * that peer_reply_begin() returns, and then calls peer_reply_end(). */
struct text *peer_reply_begin(struct peer *peer);
void peer_reply_end(struct peer *peer, bool continues);

/* Ends a begun reply that a feed has written over several turns, and that was sent as it grew; each part
 * before was followed by peer_reply_part(). */
void peer_reply_last(struct peer *peer);

/* peer.c */

/* fd is the peer's from now on. NULL: out of memory, or libuv cannot poll fd; fd is closed then. */
struct peer *peer_new(struct server *server, int fd, const struct identity *identity, enum access access);

/* Begins to serve the peer, in its next turn. Its first call has mostly come by then, and is looked for
 * without an event. */
void peer_begin(struct peer *peer);

/* Closes the peer now. Its struct is freed in a later turn of the loop; its orders stand. */
void peer_close(struct peer *peer);

/* Puts the running call off for msec. message: the call as it came, with a NUL behind it; it is copied. */
void peer_park(struct peer *peer, const char *message, size_t length, int64_t msec);

/* Takes further calls, sends output, and sets the timer and the events to poll for. May close the peer. */
void peer_continue(struct peer *peer);

#endif
