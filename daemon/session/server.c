/* SPDX-License-Identifier: ISC */
#include "daemon/session/server.h"

#include <stdlib.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/session/audit.h"
#include "daemon/session/caller.h"
#include "daemon/session/dispatch.h"
#include "daemon/session/errors.h"
#include "daemon/session/peer.h"

static void server_on_changed(void *owner, struct service *service)
{
        watchers_on_changed(owner, service);
}

static void server_on_gone(void *owner, struct service *service)
{
        watchers_on_gone(owner, service);
}

/* Logs the counts of lines that were held back, even when no further line comes. */
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

void server_init(struct server *server, uv_loop_t *loop, struct registry *registry,
                 const struct method *const *methods)
{
        server->loop = loop;
        server->registry = registry;
        server->methods = methods;
        server->take_call = dispatch_message;
        streams_init(&server->streams);
        server_set_seats(server, PEERS_MOST + CLOSER_PENDING);
        server->listener.fd = server->observer_listener.fd = -1;
        ready_open(&server->turns_root, loop);
        ready_open(&server->turns, loop);
        pace_open(&server->pace, loop);
        timer_init(&server->drain, loop, NULL, server);
        timer_init(&server->settle_log, loop, server_settle_log, server);
        log_on_held(server_log_held, server);
        registry->events.changed = server_on_changed;
        registry->events.gone = server_on_gone;
        registry->events.caller = caller_see;
        registry->events.owner = server;
}

void server_set_seats(struct server *server, unsigned seats)
{
        struct peers *peers = &server->peers;
        unsigned denied = seats / 4;

        peers->spare = seats >= PEERS_MOST + CLOSER_PENDING;
        server->streams.pending_most = peers->spare ? CLOSER_PENDING : CLOSER_PENDING_FEW;
        peers->denied_most = denied < LIMIT_CONNECTIONS_DENIED ? denied : LIMIT_CONNECTIONS_DENIED;
        seats -= peers->denied_most;
        peers->connections_most = seats < LIMIT_CONNECTIONS ? seats : LIMIT_CONNECTIONS;
}

/* Closes a connection over a bound. LimitExceeded is sent first, as the answer to whatever the client is
 * about to call; what the socket does not take is lost. */
static void server_turn_away(struct server *server, int fd, enum access access, const char *limit,
                             long long value, const struct identity *identity)
{
        struct text parameters, reply;

        audit_limit(access, identity, limit, value);
        counts_refusal(&server->counts, ERROR_LIMIT, limit);
        text_init(&parameters);
        text_init(&reply);
        errors_write_limit(&parameters, limit, value);
        text_append(&parameters, "", 1);
        if (!parameters.failed)
                reply_write_error(&reply, ERROR_LIMIT, parameters.bytes);
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
        struct peer *peer;

        identity_of(fd, &server->access, &identity);
        access = access_of(&server->access, &identity);
        if (access == ACCESS_OBSERVER || access == ACCESS_CLIENT)
                quota = quota_get(&server->quota, identity.uid, clock_msec());
        limit = peers_over_bound(&server->peers, access, quota, &value);
        if (limit) {
                server_turn_away(server, fd, access, limit, value, &identity);
                return;
        }
        peer = peer_new(server, fd, &identity, access);
        if (!peer)
                return;
        peer->quota = quota;
        peers_add(&server->peers, peer);
        peer_begin(peer);
}

static void server_drained(void *owner)
{
        struct server *server = owner;

        server->drained(server);
}

/* Whether the end of the broker waits for this peer: for a running call, unless a Watch or a followed History
 * (which the client can begin again), or for output. */
static bool peer_is_worth_waiting_for(const struct peer *peer)
{
        return (peer->request.state == REQUEST_RUNNING &&
                !(peer->request.feed && peer->request.feed->endless)) ||
               !peer_is_drained(peer);
}

void server_drain(struct server *server, void (*drained)(struct server *server))
{
        server->draining = true;
        server->drained = drained;
        mender_close(&server->mender);
        listener_close(&server->listener);
        listener_close(&server->observer_listener);
        server->drain.expired = server_drained;
        timer_start(&server->drain, server->peers.count ? SERVER_DRAIN_MSEC : 0);
        for (size_t i = 0; i < PEERS_MOST; i++) {
                struct peer *peer = server->peers.at[i];

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
        for (size_t i = 0; i < PEERS_MOST; i++)
                if (server->peers.at[i])
                        peer_close(server->peers.at[i]);
        free(server->supervisor_path);
        server->supervisor_path = NULL;
        ready_close(&server->turns_root);
        ready_close(&server->turns);
        pace_close(&server->pace);
        timer_close(&server->drain, NULL);
        timer_close(&server->settle_log, NULL);
        log_on_held(NULL, NULL);
        log_settle(true);
        watchers_deinit(&server->watchers);
        shared_text_drop(&server->list);
}
