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
 * All peers, each at its place for as long as it lives, and what they count for. A ticket names one by its id,
 * which is a count above its place: who comes to a place that was another's has another id.
 */
struct peers {
        struct peer *at[PEERS_MOST]; /* NULL: the place is free */
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

/* Which bound a new connection would break, NULL for none. Root keeps some of the places. quota: of its uid,
 * NULL where that has no entry. */
const char *peers_over_bound(const struct peers *peers, enum access access, const struct quota_uid *quota,
                             long long *value);

/* Gives it its place and its id, and counts its connection. There must be a place: peers_over_bound(). */
void peers_add(struct peers *peers, struct peer *peer);

/*
 * Its client is gone, and calls that it sent are not done yet: from now on it takes the place of no connection.
 * False: there are too many of those. To be asked before its state says that it is gone.
 */
bool peers_let_go(struct peers *peers, struct peer *peer);

/* Counts it out. */
void peers_remove(struct peers *peers, struct peer *peer);

/* Whose running call that is. NULL: that call has ended, or who asked is gone. */
struct peer *peers_of_ticket(const struct peers *peers, struct ticket ticket);

/* The place that a ticket's peer has, or had. */
size_t peers_place(struct ticket ticket);

/* The memory that is counted with that peer's: root's connections have a share of their own. */
size_t *peers_share(struct peers *peers, const struct peer *peer);

/* All that are counted with it, or those of its uid, have more than they may. */
bool peers_is_over_memory(const struct peers *peers, const struct peer *peer);

#endif
