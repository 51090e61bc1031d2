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
 * All peers, each at its seat for as long as it lives, and what they count for. A ticket names one by its id,
 * which is a count above its seat: who comes to a seat that was another's has another id.
 */
struct peers {
        struct peer *at[PEERS_MOST]; /* NULL: the seat is free */
        size_t count;
        unsigned counted;          /* connections with access, not root's */
        unsigned denied;           /* connections without access */
        unsigned gone;             /* no connections any more, but calls */
        unsigned connections_most; /* LIMIT_CONNECTIONS, or less where descriptors are few */
        unsigned denied_most;      /* LIMIT_CONNECTIONS_DENIED, likewise */
        bool spare;                /* and enough for clients that are gone */
        uint64_t last;             /* how many there have been */
        size_t memory_bytes;       /* buffers of all peers but root's */
        size_t memory_root_bytes;  /* and of root's */
};

/* Which bound a new connection would break, NULL for none. Root keeps some of the seats. quota: of its uid,
 * NULL where that has no entry. */
const char *peers_over_bound(const struct peers *peers, enum access access, const struct quota_uid *quota,
                             long long *value);

/* Gives it its seat and its id, and counts its connection. There must be a seat: peers_over_bound(). */
void peers_add(struct peers *peers, struct peer *peer);

/*
 * Its client is gone, and calls that it sent are not done yet: from now on it takes the seat of no
 * connection. False: there are too many of those. To be asked before its state says that it is gone.
 */
bool peers_let_go(struct peers *peers, struct peer *peer);

/* Takes the peer out of its seat, and out of all counts. */
void peers_remove(struct peers *peers, struct peer *peer);

/* Whose running call that is. NULL: that call has ended, or who asked is gone. */
struct peer *peers_of_ticket(const struct peers *peers, struct ticket ticket);

/* The seat that a ticket's peer has, or had. */
size_t peers_seat(struct ticket ticket);

/* The memory that is counted with that peer's: root's connections have a share of their own. */
size_t *peers_share(struct peers *peers, const struct peer *peer);

/* The buffers of all that are counted with this peer, or of its uid, are more than they may be. */
bool peers_is_over_memory(const struct peers *peers, const struct peer *peer);

#endif
