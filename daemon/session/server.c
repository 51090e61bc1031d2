#include "daemon/session/server.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/methods/describe.h"
#include "daemon/doctor/diagnose.h"
#include "daemon/methods/methods.h"
#include "daemon/session/peer.h"
#include "daemon/session/watcher.h"

/* How long running calls may take to end when we are told to. */
#define DRAIN_MSEC 3000

/* An id is a count above the slot, so that a slot used anew is another peer. */
#define PEER_SLOT_BITS 8
_Static_assert(SERVER_PEERS <= 1 << PEER_SLOT_BITS, "a slot fits");

struct peer *server_find_peer(struct server *server, uint64_t id)
{
        size_t slot = id & ((1 << PEER_SLOT_BITS) - 1);
        struct peer *peer = slot < SERVER_PEERS ? server->peers[slot] : NULL;

        return peer && peer->id == id ? peer : NULL;
}

bool server_take_index(struct server *server, unsigned *index)
{
        uint64_t *longer;

        for (size_t word = 0; word < server->index_words; word++)
                if (~server->index_used[word]) {
                        unsigned bit = (unsigned)__builtin_ctzll(~server->index_used[word]);

                        server->index_used[word] |= (uint64_t)1 << bit;
                        *index = (unsigned)word * 64 + bit;
                        return true;
                }
        longer = reallocarray(server->index_used, server->index_words + 1, sizeof(uint64_t));
        if (!longer)
                return false;
        server->index_used = longer;
        *index = (unsigned)server->index_words * 64;
        longer[server->index_words++] = 1;
        return true;
}

void server_return_index(struct server *server, unsigned index)
{
        server->index_used[index / 64] &= ~((uint64_t)1 << index % 64);
}

static void server_on_changed(void *owner, struct service *service)
{
        struct server *server = owner;

        if (!service->has_index) /* without one it is new to readers of Watch each time, and tried again */
                service->has_index = server_take_index(server, &service->index);
        describe_forget(service);
        turns_add_watchers(server);
}

static void server_on_gone(void *owner, struct service *service)
{
        struct server *server = owner;

        watcher_on_gone(server, service);
        turns_add_watchers(server);
}

/* What was held back is told also when nothing more comes. */
static void server_settle_log(void *owner)
{
        struct server *server = owner;

        if (log_settle(false))
                timer_start(&server->settle_log, LOG_SETTLE_MSEC);
}

static void server_log_held(void *owner)
{
        struct server *server = owner;

        if (!timer_is_running(&server->settle_log))
                timer_start(&server->settle_log, LOG_SETTLE_MSEC);
}

void server_init(struct server *server, uv_loop_t *loop, struct registry *registry)
{
        server->loop = loop;
        server->registry = registry;
        streams_init(&server->streams);
        server_set_places(server, SERVER_PEERS + CLOSER_PENDING);
        server->listener.fd = server->observer_listener.fd = -1;
        turns_init(server);
        timer_init(&server->drain, loop, NULL, server);
        timer_init(&server->settle_log, loop, server_settle_log, server);
        log_on_held(server_log_held, server);
        registry->events = (struct registry_events){
                .changed = server_on_changed,
                .gone = server_on_gone,
                .outcome = methods_on_outcome,
                .takes = methods_take_outcome,
                .registered = methods_on_registered,
                .unregistered = methods_on_unregistered,
                .owner = server,
        };
}

void server_set_places(struct server *server, unsigned places)
{
        unsigned denied = places / 4;

        server->spare = places >= SERVER_PEERS + CLOSER_PENDING;
        server->streams.pending_most = server->spare ? CLOSER_PENDING : CLOSER_PENDING_FEW;
        server->denied_most = denied < LIMIT_CONNECTIONS_DENIED ? denied : LIMIT_CONNECTIONS_DENIED;
        places -= server->denied_most;
        server->connections_most = places < LIMIT_CONNECTIONS ? places : LIMIT_CONNECTIONS;
}

/* Which bound a new connection would break, NULL for none. Root keeps some of the places. */
static const char *server_over_bound(const struct server *server, enum access access,
                                     const struct quota_uid *quota, long long *value)
{
        if (access == ACCESS_NOBODY) {
                *value = server->denied_most;
                return server->denied >= server->denied_most ? "connections_denied" : NULL;
        }
        *value = server->connections_most;
        if (server->peer_count - server->denied - server->gone >= server->connections_most)
                return "connections";
        if (access == ACCESS_ROOT)
                return NULL;
        if (!quota || server->counted + LIMIT_CONNECTIONS_ROOT >= server->connections_most)
                return "connections";
        *value = LIMIT_CONNECTIONS_UID;
        return quota->connections >= LIMIT_CONNECTIONS_UID ? "connections_uid" : NULL;
}

/* Its answer to whatever it is about to ask; what the socket does not take is lost. */
static void server_turn_away(struct server *server, int fd, enum access access, const char *limit,
                             long long value, const struct identity *identity)
{
        struct text parameters, reply;

        log_refusal(access_log_source(access), "refused: limit=%s value=%lld uid=%d pid=%d", limit, value,
                    (int)identity->uid, (int)identity->pid);
        text_init(&parameters);
        text_init(&reply);
        text_append_string(&parameters, "{");
        text_append_member_string(&parameters, "limit", limit);
        text_append_member_int(&parameters, "value", value);
        text_append_string(&parameters, "}");
        text_append(&parameters, "", 1);
        if (!parameters.failed)
                reply_write_error(&reply, "io.svcbroker.LimitExceeded", parameters.bytes);
        if (!reply.failed)
                stream_send(&server->streams, fd, reply.bytes, reply.length);
        text_deinit(&parameters);
        text_deinit(&reply);
        stream_close(&server->streams, fd);
}

void server_accept(struct server *server, int fd)
{
        struct identity identity;
        struct quota_uid *quota = NULL;
        const char *limit;
        long long value;
        enum access access;
        unsigned slot = 0;
        struct peer *peer;

        identity_of(fd, &server->access, &identity);
        access = access_of(&server->access, &identity);
        if (access == ACCESS_OBSERVER || access == ACCESS_CLIENT)
                quota = quota_get(&server->quota, identity.uid, clock_msec());
        limit = server_over_bound(server, access, quota, &value);
        if (limit) {
                server_turn_away(server, fd, access, limit, value, &identity);
                return;
        }
        peer = peer_new(server, fd, &identity, access);
        if (!peer)
                return;
        while (server->peers[slot])
                slot++;
        peer->slot = slot;
        peer->id = ++server->next_peer << PEER_SLOT_BITS | slot;
        peer->quota = quota;
        server->peers[slot] = peer;
        server->peer_count++;
        server->denied += access == ACCESS_NOBODY;
        server->counted += quota != NULL;
        if (quota)
                quota->connections++;
        peer_continue(peer);
}

/* The place of a connection is the next one's. */
static void server_free_place(struct server *server, struct peer *peer)
{
        server->denied -= peer->access == ACCESS_NOBODY;
        server->counted -= peer->quota != NULL;
        if (peer->quota)
                peer->quota->connections--;
}

bool server_let_go(struct server *server, struct peer *peer)
{
        if (peer->access == ACCESS_NOBODY || !server->spare ||
            server->gone >= (peer->quota ? GONE_CLIENTS - GONE_CLIENTS_ROOT : GONE_CLIENTS))
                return false;
        server_free_place(server, peer);
        server->gone++;
        if (peer->quota)
                peer->quota->gone++;
        peer->hung_up = true;
        return true;
}

void server_remove_peer(struct server *server, struct peer *peer)
{
        server->peers[peer->slot] = NULL;
        server->peer_count--;
        if (!peer->hung_up) {
                server_free_place(server, peer);
        } else {
                server->gone--;
                if (peer->quota)
                        peer->quota->gone--;
        }
        peer->quota = NULL;
        if (server->draining && !server->peer_count && server->drained)
                timer_start(&server->drain, 0);
}

static void server_drained(void *owner)
{
        struct server *server = owner;

        server->drained(server);
}

/* The lesser wait ends: one for a Watch or an order's outcome is the client's to take up again. */
static bool peer_is_worth_waiting_for(const struct peer *peer)
{
        return (peer->request.running && !peer->watcher && !peer->parked) || !peer_is_drained(peer);
}

void server_drain(struct server *server, void (*drained)(struct server *server))
{
        server->draining = true;
        server->drained = drained;
        mender_close(&server->mender);
        listener_close(&server->listener);
        listener_close(&server->observer_listener);
        server->drain.expired = server_drained;
        timer_start(&server->drain, server->peer_count ? DRAIN_MSEC : 0);
        for (size_t i = 0; i < SERVER_PEERS; i++) {
                struct peer *peer = server->peers[i];

                if (peer && !peer_is_worth_waiting_for(peer))
                        peer_close(peer);
        }
}

void server_deinit(struct server *server)
{
        mender_close(&server->mender);
        listener_close(&server->listener);
        listener_close(&server->observer_listener);
        server->drained = NULL;
        for (size_t i = 0; i < SERVER_PEERS; i++)
                if (server->peers[i])
                        peer_close(server->peers[i]);
        doctor_close(server);
        free(server->supervisor_path);
        server->supervisor_path = NULL;
        turns_close(server);
        timer_close(&server->drain, NULL);
        timer_close(&server->settle_log, NULL);
        log_on_held(NULL, NULL);
        log_settle(true);
        while (server->tombstones) {
                struct tombstone *stone = server->tombstones;

                server->tombstones = stone->next;
                free(stone);
        }
        free(server->index_used);
        server->index_used = NULL;
        server->index_words = 0;
}
