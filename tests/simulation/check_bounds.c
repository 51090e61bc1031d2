/* SPDX-License-Identifier: ISC */
#include "wants.h"

#include "daemon/bounds.h"
#include "daemon/session/peer.h"
#include "daemon/session/server.h"

/* What must hold of bounds and of counts, after each step. */

static unsigned peers_of(const struct server *server, const struct quota_uid *quota)
{
        unsigned count = 0;

        for (size_t i = 0; i < PEERS_MOST; i++)
                count += server->peers.at[i] && server->peers.at[i]->quota == quota;
        return count;
}

/* Bounds: nobody holds more than he may, but for what one turn takes in before it is looked at. */
static void check_most(const struct server *server)
{
        const struct peers *peers = &server->peers;
        const struct store *store = &server->registry->store;

        SIM_HOLDS(peers->counted <= LIMIT_CONNECTIONS - LIMIT_CONNECTIONS_ROOT + LIMIT_CONNECTIONS_ROOT &&
                          peers->denied <= LIMIT_CONNECTIONS_DENIED && peers->gone <= GONE_CLIENTS,
                  "bounds", "connections: %u, denied %u, gone %u", peers->counted, peers->denied,
                  peers->gone);
        SIM_HOLDS(peers->memory_bytes <= LIMIT_MEMORY_BYTES + LIMIT_REQUEST_BYTES * 2 &&
                          peers->memory_root_bytes <= LIMIT_MEMORY_ROOT_BYTES + LIMIT_REQUEST_BYTES * 2,
                  "bounds", "memory: %zu bytes, root's %zu", peers->memory_bytes, peers->memory_root_bytes);
        SIM_HOLDS(server->registry->names_under_way <= ORDER_NAMES_MOST + LIMIT_NAMES_PER_CALL, "bounds",
                  "%zu names under way", server->registry->names_under_way);
        SIM_HOLDS(store->queued_bytes <= STORE_QUEUE_BYTES &&
                          store->queued_root_bytes <= STORE_QUEUE_ROOT_BYTES,
                  "bounds", "%zu bytes wait for the volume, of root's %zu", store->queued_bytes,
                  store->queued_root_bytes);
        for (size_t i = 0; i < sizeof(server->quota.uids) / sizeof(server->quota.uids[0]); i++) {
                const struct quota_uid *quota = &server->quota.uids[i];

                if (!quota->used)
                        continue;
                SIM_HOLDS(quota->watches <= peers_of(server, quota), "counts",
                          "a uid has %u connections, and %u watches are counted", peers_of(server, quota),
                          quota->watches);
                SIM_HOLDS(quota->connections <= LIMIT_CONNECTIONS_UID &&
                                  quota->watches <= LIMIT_WATCHES_UID &&
                                  quota->memory_bytes <= LIMIT_MEMORY_UID_BYTES + LIMIT_REQUEST_BYTES * 2,
                          "bounds", "a uid has %u connections, %u watches, %zu bytes", quota->connections,
                          quota->watches, quota->memory_bytes);
        }
}

/* What peers are counted for is what they have. */
static void check_counts(const struct server *server)
{
        unsigned counted = 0, denied = 0, gone = 0;
        size_t all = 0, memory = 0, root = 0;

        for (size_t i = 0; i < PEERS_MOST; i++) {
                const struct peer *peer = server->peers.at[i];

                if (!peer)
                        continue;
                all++;
                gone += peer_state_is_gone(peer->state);
                if (peer_state_is_gone(peer->state))
                        continue;
                denied += peer->access == ACCESS_NOBODY;
                counted += peer->access != ACCESS_NOBODY && peer->access != ACCESS_ROOT;
        }
        for (size_t i = 0; i < PEERS_MOST; i++)
                if (server->peers.at[i])
                        *(server->peers.at[i]->access == ACCESS_ROOT ? &root : &memory) +=
                                server->peers.at[i]->charged_bytes;
        SIM_HOLDS(all == server->peers.count && denied == server->peers.denied &&
                          gone == server->peers.gone && counted == server->peers.counted,
                  "counts", "%zu peers, %u counted, %u denied, %u gone; counts say %zu, %u, %u, %u", all,
                  counted, denied, gone, server->peers.count, server->peers.counted, server->peers.denied,
                  server->peers.gone);
        SIM_HOLDS(memory == server->peers.memory_bytes && root == server->peers.memory_root_bytes, "counts",
                  "peers have %zu and %zu bytes; counts say %zu and %zu", memory, root,
                  server->peers.memory_bytes, server->peers.memory_root_bytes);
}

void check_bounds(const struct server *server)
{
        check_most(server);
        check_counts(server);
}
