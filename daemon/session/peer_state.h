/* SPDX-License-Identifier: ISC */
#ifndef SESSION_PEER_STATE_H
#define SESSION_PEER_STATE_H

#include <stdbool.h>

/* How far a connection has come to its end. Pure: peer.c does what follows from each state. */
enum peer_state {
        PEER_OPEN,      /* the client sends calls, and reads the answers */
        PEER_ENDED,     /* the client sends no more: what it sent is done and answered, then it is closed */
        PEER_CLOSING,   /* nothing more is taken from the client: closed when the output is sent */
        PEER_GONE,      /* the client is gone: the calls that it sent whole are still read and done */
        PEER_GONE_READ, /* the same, and all that the client sent has been read */
        PEER_GONE_CLOSING, /* the client is gone, and nothing more is done for it */
        PEER_CLOSED,       /* the peer has no seat any more, and is freed when libuv has closed its handles */
};

#define PEER_STATES (PEER_CLOSED + 1)

enum peer_event {
        PEER_EVENT_END,     /* nothing more can be read from the client, or nothing can be sent to it */
        PEER_EVENT_CLOSE,   /* the broker wants no more from the client */
        PEER_EVENT_HANG_UP, /* the client has closed its end, in both directions */
        PEER_EVENT_CLOSED,  /* the peer was closed */
};

#define PEER_EVENTS (PEER_EVENT_CLOSED + 1)

enum peer_state peer_state_next(enum peer_state state, enum peer_event event);

/* Whether the peer's socket is still read. */
static inline bool peer_state_reads(enum peer_state state)
{
        return state == PEER_OPEN || state == PEER_GONE;
}

/* Whether calls that came from the peer are still done. */
static inline bool peer_state_takes_calls(enum peer_state state)
{
        return state == PEER_OPEN || state == PEER_ENDED || state == PEER_GONE || state == PEER_GONE_READ;
}

/* Whether nobody is there to read an answer. */
static inline bool peer_state_is_gone(enum peer_state state)
{
        return state == PEER_GONE || state == PEER_GONE_READ || state == PEER_GONE_CLOSING;
}

#endif
