/* SPDX-License-Identifier: ISC */
#ifndef SESSION_PEER_H
#define SESSION_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/loop/ready.h"
#include "daemon/loop/timer.h"
#include "daemon/session/access.h"
#include "daemon/session/feed.h"
#include "daemon/session/peer_state.h"
#include "daemon/session/server.h"
#include "proto/frame.h"
#include "proto/text.h"

/* Where a connection's call is. */
enum request_state {
        REQUEST_NONE,    /* no call runs: the next one may be taken */
        REQUEST_RUNNING, /* its method was called, and has not given the last reply */
        REQUEST_PARKED,  /* it waits until its uid may change something again; its method was not called */
        REQUEST_DUE,     /* it has waited for as long as it was told, and is to be taken up again */
};

/* What its caller gets. */
enum reply_mode {
        REPLY_ONCE, /* one reply */
        REPLY_MORE, /* it has asked for several: one reply an outcome, or in pieces */
        REPLY_NONE, /* nothing: it said oneway, or is gone */
};

/* The call that a connection runs. One at a time. */
struct request {
        enum request_state state;
        enum reply_mode mode;
        uint64_t number; /* counts up, for the ticket */
        size_t counted;  /* which method's it is, for counts.h: its number and one; 0: of none, or not yet */
        int64_t came_nsec; /* by CLOCK_MONOTONIC */
        char *parked;      /* REQUEST_PARKED, REQUEST_DUE: the call as it came */
        size_t parked_length;
        size_t reply_at; /* where in the output a reply begins that is being written */
        struct feed *
                feed; /* what further replies come of; NULL: of an answer of the model's, or there are none */

        /* methods/orders.c */
        bool single;          /* one name without "more": a failure is the error reply */
        bool any;             /* an outcome is in there: */
        struct text outcomes; /* gathered for one reply */
        unsigned left_out;    /* outcomes for which there was no place */
        bool behind;          /* further outcomes wait until the reader has taken what is there */
};

/* One connection. */
struct peer {
        struct server *server;
        uint64_t id;
        unsigned seat; /* in server.peers */
        enum peer_state state;
        int fd;
        uv_poll_t poll;
        int polled;         /* the events polled for */
        bool readable;      /* the kernel said so since its last turn */
        struct ready ready; /* waits for its turn in one of server.turns */
        struct timer timer;
        int64_t timer_msec; /* when it expires, while it runs */
        struct identity identity;
        enum access access;
        struct quota_uid *quota; /* NULL: not counted */
        struct frame_buffer in;
        struct text out;
        size_t sent;          /* of out */
        size_t charged_bytes; /* of server.peers.memory_bytes, or of root's */
        struct request request;
        int64_t active_msec;  /* last time a call came or ended */
        int64_t frame_msec;   /* since when a frame that is not whole keeps the next call waiting; 0: none */
        int64_t stalled_msec; /* since when output waits and the socket takes none of it; 0: none */
        int64_t gone_msec;    /* its client is gone: until when what it sent is done */
};

static inline bool peer_runs_call(const struct peer *peer)
{
        return peer->request.state != REQUEST_NONE;
}

static inline bool peer_is_parked(const struct peer *peer)
{
        return peer->request.state == REQUEST_PARKED || peer->request.state == REQUEST_DUE;
}

/* Nothing in its output waits to be sent. */
static inline bool peer_is_drained(const struct peer *peer)
{
        return peer->sent == peer->out.length;
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

/* When the peer is given up; INT64_MAX: what it waits for may take as long as it takes. */
int64_t peer_deadline(const struct peer *peer);

/* Its client is gone, and the socket may hold more of what was sent: no event tells of that. */
bool peer_reads_on(const struct peer *peer);

/* The peer has something to do that no event will tell of. */
bool peer_has_more(const struct peer *peer);

/* A part of a call came, and until its rest comes there is nothing to do. */
bool peer_waits_for_rest(const struct peer *peer);

/* Nothing is left to be done for the peer, or to be said to it. more: peer_has_more(). */
bool peer_is_done(const struct peer *peer, bool more);

/* The events that its socket is polled for; of a client that is gone none is of interest. */
int peer_events(const struct peer *peer);

/* peer_output.c: what is sent, and what buffers cost. */

/* Takes nothing more from the peer, and closes it when its output is sent. That is also what is done for want
 * of memory. */
void peer_finish(struct peer *peer);

/* Throws its output away, and closes the peer in its next turn. why: for the log. */
void peer_drop_output(struct peer *peer, const char *why);

/* Sends what is in the output now, as far as the socket takes it. */
void peer_flush(struct peer *peer);

/* Appends to the output a reply of the running call, or its error, which is its last reply. Over a bound the
 * connection ends. */
void peer_append_reply(struct peer *peer, const char *parameters, size_t length, bool continues);
void peer_error(struct peer *peer, const char *error, const char *parameters);

/* Holds what is in the output now against the bounds. */
void peer_reply_part(struct peer *peer);

/* Refuses a peer that has passed descriptors with its bytes: whatever else it sent stays where it is. */
void peer_refuse_descriptors(struct peer *peer);

/* After a reply that was given later: sends it now. The next call is taken in the peer's turn. Closes
 * nothing. */
void peer_answered(struct peer *peer);

/* Ends the running call: it needs no further answer. */
void peer_end_call(struct peer *peer);

/* Holds what is gathered for a reply against the bounds of memory; over one the connection ends. */
void peer_check_memory(struct peer *peer);

/* Counts what its buffers hold now as the uid's memory, and as root's or that of all others. */
void peer_charge(struct peer *peer);

/* Takes them out of the count. */
void peer_uncharge(struct peer *peer);

/* peer_reply.c */

/* Replies to the running call. parameters: JSON text of an object. continues false ends the call. */
void peer_reply(struct peer *peer, const char *parameters, size_t length, bool continues);
/* The same, and frees the text. */
void peer_reply_text(struct peer *peer, struct text *parameters, bool continues);

/* The same of a reply that is written where it is sent from: its parameters, JSON text of an object, are appended to what
 * begin returns, until end. */
struct text *peer_reply_begin(struct peer *peer);
void peer_reply_end(struct peer *peer, bool continues);

/* The end of one that is sent as it grows, over several turns, by a feed, with peer_reply_part() behind each part. */
void peer_reply_last(struct peer *peer);

/* peer.c */

/* NULL: out of memory, fd is closed then. */
struct peer *peer_new(struct server *server, int fd, const struct identity *identity, enum access access);

/* Closes the peer now. Its struct is freed later; its orders stand. */
void peer_close(struct peer *peer);

/* Puts the running call off. message: as it came. */
void peer_park(struct peer *peer, const char *message, size_t length, int64_t msec);

/* Works on: takes further calls, sends, sets what is polled for and the timer. The peer may be closed by
 * it. */
void peer_continue(struct peer *peer);

#endif
