/* SPDX-License-Identifier: ISC */
#ifndef SESSION_PEER_STATE_H
#define SESSION_PEER_STATE_H

#include <stdbool.h>

/* What is between a client and the broker. Pure: peer.c does what follows from it. */
enum peer_state {
        PEER_OPEN,         /* its client sends calls, and reads what they are answered */
        PEER_ENDED,        /* its client sends no more: the rest is done and answered, then it is closed */
        PEER_CLOSING,      /* nothing more is taken from it: it is closed when the last words are sent */
        PEER_GONE,         /* its client is gone: what it sent before is read, and done where it is whole */
        PEER_GONE_READ,    /* the same, and all that its client sent has been read */
        PEER_GONE_CLOSING, /* its client is gone, and nothing more is done for it */
        PEER_CLOSED,       /* it has no seat any more, and is freed when the loop lets go of its handles */
};

#define PEER_STATES (PEER_CLOSED + 1)

enum peer_event {
        PEER_EVENT_END,     /* there is nothing more to be read from it, or nothing can be sent to it */
        PEER_EVENT_CLOSE,   /* the broker wants no more of it */
        PEER_EVENT_HANG_UP, /* its client has closed its end, both ways */
        PEER_EVENT_CLOSED,  /* it is closed now */
};

#define PEER_EVENTS (PEER_EVENT_CLOSED + 1)

enum peer_state peer_state_next(enum peer_state state, enum peer_event event);

/* Its socket is read. */
static inline bool peer_state_reads(enum peer_state state)
{
        return state == PEER_OPEN || state == PEER_GONE;
}

/* The calls that came from it are done. */
static inline bool peer_state_takes_calls(enum peer_state state)
{
        return state == PEER_OPEN || state == PEER_ENDED || state == PEER_GONE || state == PEER_GONE_READ;
}

/* Nobody hears what it is answered. */
static inline bool peer_state_is_gone(enum peer_state state)
{
        return state == PEER_GONE || state == PEER_GONE_READ || state == PEER_GONE_CLOSING;
}

#endif
