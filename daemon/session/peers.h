/* SPDX-License-Identifier: ISC */
#ifndef SESSION_PEERS_H
#define SESSION_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/bounds.h"
#include "daemon/service/registry.h"
#include "daemon/session/access.h"
#include "daemon/session/quota.h"
#include "proto/limits.h"

struct peer;

#define PEERS_MOST (LIMIT_CONNECTIONS + LIMIT_CONNECTIONS_DENIED + GONE_CLIENTS)

/*
 * All peers, each at its seat until it is closed, and the counts that they are part of. A ticket names a peer
 * by its id, which is a running count above the bits of its seat, so a seat's next peer has another id.
 */
struct peers {
        struct peer *at[PEERS_MOST]; /* NULL: the seat is free */
        size_t count;
        unsigned counted;          /* connections with access that are not root's */
        unsigned denied;           /* connections without access */
        unsigned gone;             /* peers whose client is gone, while its calls are being done */
        unsigned connections_most; /* LIMIT_CONNECTIONS, or less where descriptors are few */
        unsigned denied_most;      /* LIMIT_CONNECTIONS_DENIED, likewise */
        bool spare;                /* there are descriptors for clients that are gone as well */
        uint64_t last;             /* how many peers there have been */
        size_t memory_bytes;       /* buffers of all peers but root's */
        size_t memory_root_bytes;  /* buffers of root's peers */
};

/* Returns the name of the bound that a new connection would break, and sets *value to the bound; NULL: it
 * would break none. Some of the seats are kept for root. quota: the uid's entry, or NULL where it has
 * none. */
const char *peers_over_bound(const struct peers *peers, enum access access, const struct quota_uid *quota,
                             long long *value);

/* Gives the peer its seat and its id, and counts its connection. A seat must be free: peers_over_bound() says
 * so. */
void peers_add(struct peers *peers, struct peer *peer);

/*
 * Stops counting the peer as a connection: its client is gone, and calls that it sent are not done yet.
 * False: there are too many such peers, and nothing has changed. To be called before the peer's state says
 * that the client is gone.
 */
bool peers_let_go(struct peers *peers, struct peer *peer);

/* Takes the peer out of its seat, and out of all counts. */
void peers_remove(struct peers *peers, struct peer *peer);

/* The peer that runs the ticket's call. NULL: the call has ended, or the peer is closed. */
struct peer *peers_of_ticket(const struct peers *peers, struct ticket ticket);

/* The seat that the ticket's peer has, or had. */
size_t peers_seat(struct ticket ticket);

/* The sum that the peer's buffers are counted in: root's connections have a sum of their own. */
size_t *peers_share(struct peers *peers, const struct peer *peer);

/* Whether the buffers that are counted with this peer's, or those of its uid, take more than they may. */
bool peers_is_over_memory(const struct peers *peers, const struct peer *peer);

#endif
