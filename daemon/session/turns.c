#include "daemon/session/turns.h"

#include "daemon/bounds.h"
#include "daemon/session/peer.h"
#include "daemon/session/watcher.h"

static struct turn_queue *queue_of(const struct peer *peer)
{
        struct turns *turns = &peer->server->turns;

        return peer->access == ACCESS_ROOT ? &turns->root : &turns->others;
}

static void queue_put(struct turn_queue *queue, struct peer *peer)
{
        peer->turn_next = NULL;
        if (queue->first)
                queue->last->turn_next = peer;
        else
                queue->first = peer;
        queue->last = peer;
        queue->count++;
        peer->has_turn = true;
}

static void queue_remove(struct turn_queue *queue, struct peer *peer)
{
        struct peer *before = NULL;

        for (struct peer *at = queue->first; at != peer; at = at->turn_next)
                before = at;
        if (before)
                before->turn_next = peer->turn_next;
        else
                queue->first = peer->turn_next;
        if (queue->last == peer)
                queue->last = before;
        queue->count--;
        peer->has_turn = false;
}

/* Those that are in it now: who comes in meanwhile has the next turn. */
static void queue_run(struct turns *turns, struct turn_queue *queue)
{
        for (unsigned left = queue->count; left && queue->first; left--) {
                struct peer *peer = queue->first;

                queue_remove(queue, peer);
                peer_turn(peer);
                if (queue == &turns->others && uv_hrtime() >= turns->until)
                        return;
        }
}

static void turns_collect_watchers(struct server *server)
{
        server->turns.watchers = false;
        for (size_t i = 0; i < SERVER_PEERS; i++)
                if (server->peers[i] && watcher_is_behind(server->peers[i]))
                        turns_add(server->peers[i]);
}

static void turns_run(uv_check_t *check)
{
        struct server *server = check->data;
        struct turns *turns = &server->turns;

        if (turns->watchers)
                turns_collect_watchers(server);
        queue_run(turns, &turns->root);
        turns->until = uv_hrtime() + SERVER_TURN_USEC * UINT64_C(1000);
        queue_run(turns, &turns->others);
        if (turns->root.first || turns->others.first || turns->watchers)
                return;
        uv_check_stop(&turns->check);
        uv_idle_stop(&turns->awake);
}

static void turns_wake(uv_idle_t *awake)
{
        (void)awake; /* the loop has nothing to wait for */
}

static void turns_begin(struct turns *turns)
{
        if (uv_is_closing((uv_handle_t *)&turns->check))
                return;
        uv_check_start(&turns->check, turns_run);
        uv_idle_start(&turns->awake, turns_wake);
}

void turns_init(struct server *server)
{
        uv_check_init(server->loop, &server->turns.check);
        uv_idle_init(server->loop, &server->turns.awake);
        server->turns.check.data = server;
}

void turns_close(struct server *server)
{
        uv_close((uv_handle_t *)&server->turns.check, NULL);
        uv_close((uv_handle_t *)&server->turns.awake, NULL);
}

void turns_add(struct peer *peer)
{
        if (!peer->has_turn)
                queue_put(queue_of(peer), peer);
        turns_begin(&peer->server->turns);
}

void turns_remove(struct peer *peer)
{
        if (peer->has_turn)
                queue_remove(queue_of(peer), peer);
}

void turns_add_watchers(struct server *server)
{
        server->turns.watchers = true;
        turns_begin(&server->turns);
}

bool turns_is_over(const struct peer *peer)
{
        return peer->access != ACCESS_ROOT && uv_hrtime() >= peer->server->turns.until;
}
