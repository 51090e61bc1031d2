#ifndef SESSION_PEER_H
#define SESSION_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/loop/timer.h"
#include "daemon/session/access.h"
#include "daemon/session/server.h"
#include "proto/frame.h"
#include "proto/text.h"

/* The call that a connection runs. One at a time. */
struct request {
        bool running;
        bool more;     /* one reply an outcome */
        bool oneway;   /* no reply */
        bool single;   /* one name without "more": a failure is the error reply */
        uint64_t call; /* counts up, for the ticket */
        struct text outcomes;
        bool any;            /* an outcome is in there */
        unsigned left_out;   /* outcomes for which there was no place */
        bool behind;         /* further outcomes wait until the reader has taken what is there */
};

/* One connection. */
struct peer {
        struct server *server;
        uint64_t id;
        unsigned slot; /* in server.peers */
        int fd;
        uv_poll_t poll;
        int polled; /* the events polled for */
        struct timer timer;
        int64_t timer_msec; /* when it expires, while it runs */
        struct identity identity;
        enum access access;
        struct quota_uid *quota; /* NULL: not counted */
        struct frame_buffer in;
        struct text out;
        size_t sent;          /* of out */
        size_t charged_bytes; /* of server.memory_bytes */
        struct request request;
        struct watcher *watcher; /* Watch runs */
        struct pieces *pieces;   /* what is left of the running call's reply: pieces.h */
        bool end_of_input;
        bool hung_up;     /* the client is gone; closed as soon as what it sent is done */
        bool closing;     /* when the output is sent */
        bool dispatching; /* a method runs, and peer_continue() follows */
        bool readable;    /* since its last turn */
        bool has_turn;    /* it is queued: turns.h */
        bool parked;      /* its call waits until its uid may change something again */
        bool due;         /* and has waited for as long as it was told */
        struct peer *turn_next;
        char *parked_call;    /* as it came */
        size_t parked_length;
        int64_t active_msec;  /* last time a call came or ended */
        int64_t frame_msec;   /* since when a frame that is not whole keeps the next call waiting; 0: none */
        int64_t stalled_msec; /* since when output waits and the socket takes none of it; 0: none */
        int64_t gone_msec;    /* hung_up: until when */
};

/* NULL: out of memory, fd is closed then. */
struct peer *peer_new(struct server *server, int fd, const struct identity *identity, enum access access);

/* Drops it now. Its struct is freed later; its orders stand. */
void peer_close(struct peer *peer);

/* Replies to the running call. parameters: JSON text of an object. continues false ends the call. */
void peer_reply(struct peer *peer, const char *parameters, size_t length, bool continues);
/* The same, and frees the text. */
void peer_reply_text(struct peer *peer, struct text *parameters, bool continues);

void peer_error(struct peer *peer, const char *error, const char *parameters);

/* Sends what is in the output now, as far as the socket takes it. */
void peer_flush(struct peer *peer);

/* Works on: takes further calls, sends, sets what is polled for and the timer. The peer may be closed by it.
 */
void peer_continue(struct peer *peer);

/* Its turn: what came, and what is left to be done. The peer may be closed by it. */
void peer_turn(struct peer *peer);

/* After a reply: sends it, and works on later in this turn of the loop. Closes nothing. */
void peer_answered(struct peer *peer);

/* Puts the running call off. message: as it came. */
void peer_park(struct peer *peer, const char *message, size_t length, int64_t msec);

/* Nothing waits to be sent. */
bool peer_is_drained(const struct peer *peer);

/* The same as soon as it may be too much, while a reply is gathered: over its bound the connection ends. */
void peer_check_memory(struct peer *peer);

/* Counts what its buffers hold now as the uid's memory, and as root's or that of all others. */
void peer_charge(struct peer *peer);

/* They are gone. */
void peer_uncharge(struct peer *peer);

/* A uid has a share of its own, so that it can spend nobody else's. */
bool peer_is_over_memory(const struct peer *peer);

/* The running call needs no further answer. */
void peer_end_call(struct peer *peer);

/* Says nothing more to it, and closes it soon. why: for the log. */
void peer_drop_output(struct peer *peer, const char *why);

struct ticket peer_ticket(const struct peer *peer);

#endif
