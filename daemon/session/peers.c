/* SPDX-License-Identifier: ISC */
#include "daemon/session/peers.h"

#include "daemon/session/peer.h"

#define SEAT_BITS 8
_Static_assert(PEERS_MOST <= 1 << SEAT_BITS, "a seat fits");

size_t peers_seat(struct ticket ticket)
{
        return ticket.peer & ((1 << SEAT_BITS) - 1);
}

struct peer *peers_of_ticket(const struct peers *peers, struct ticket ticket)
{
        size_t seat = peers_seat(ticket);
        struct peer *peer = seat < PEERS_MOST ? peers->at[seat] : NULL;

        if (!peer || peer->id != ticket.peer || peer->request.number != ticket.call || !peer_runs_call(peer))
                return NULL;
        return peer;
}

const char *peers_over_bound(const struct peers *peers, enum access access, const struct quota_uid *quota,
                             long long *value)
{
        if (access == ACCESS_NOBODY) {
                *value = peers->denied_most;
                return peers->denied >= peers->denied_most ? "connections_denied" : NULL;
        }
        *value = peers->connections_most;
        if (peers->count - peers->denied - peers->gone >= peers->connections_most)
                return "connections";
        if (access == ACCESS_ROOT)
                return NULL;
        if (!quota || peers->counted + LIMIT_CONNECTIONS_ROOT >= peers->connections_most)
                return "connections";
        *value = LIMIT_CONNECTIONS_UID;
        return quota->connections >= LIMIT_CONNECTIONS_UID ? "connections_uid" : NULL;
}

void peers_add(struct peers *peers, struct peer *peer)
{
        unsigned seat = 0;

        while (peers->at[seat])
                seat++;
        peer->seat = seat;
        peer->id = ++peers->last << SEAT_BITS | seat;
        peers->at[seat] = peer;
        peers->count++;
        peers->denied += peer->access == ACCESS_NOBODY;
        peers->counted += peer->quota != NULL;
        if (peer->quota)
                peer->quota->connections++;
}

/* Stops counting the peer as a connection, so that another may come. */
static void peers_uncount(struct peers *peers, struct peer *peer)
{
        peers->denied -= peer->access == ACCESS_NOBODY;
        peers->counted -= peer->quota != NULL;
        if (peer->quota)
                peer->quota->connections--;
}

bool peers_let_go(struct peers *peers, struct peer *peer)
{
        if (peer->access == ACCESS_NOBODY || !peers->spare ||
            peers->gone >= (peer->quota ? GONE_CLIENTS - GONE_CLIENTS_ROOT : GONE_CLIENTS))
                return false;
        peers_uncount(peers, peer);
        peers->gone++;
        if (peer->quota)
                peer->quota->gone++;
        return true;
}

void peers_remove(struct peers *peers, struct peer *peer)
{
        peers->at[peer->seat] = NULL;
        peers->count--;
        if (!peer_state_is_gone(peer->state)) {
                peers_uncount(peers, peer);
        } else {
                peers->gone--;
                if (peer->quota)
                        peer->quota->gone--;
        }
        peer->quota = NULL;
}

size_t *peers_share(struct peers *peers, const struct peer *peer)
{
        return peer->access == ACCESS_ROOT ? &peers->memory_root_bytes : &peers->memory_bytes;
}

bool peers_is_over_memory(const struct peers *peers, const struct peer *peer)
{
        if (peer->access == ACCESS_ROOT)
                return peers->memory_root_bytes > LIMIT_MEMORY_ROOT_BYTES;
        return peers->memory_bytes > LIMIT_MEMORY_BYTES ||
               (peer->quota && peer->quota->memory_bytes > LIMIT_MEMORY_UID_BYTES);
}
