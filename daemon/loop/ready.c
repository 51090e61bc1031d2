/* SPDX-License-Identifier: ISC */
#include "daemon/loop/ready.h"

#include <stddef.h>

#include "daemon/bounds.h"

static void ring_init(struct ready *ring)
{
        ring->next = ring->before = ring;
}

static void ring_put(struct ready *ring, struct ready *ready)
{
        ready->ring = ring;
        ready->next = ring;
        ready->before = ring->before;
        ring->before->next = ready;
        ring->before = ready;
}

static struct ready *ring_first(struct ready *ring)
{
        return ring->next == ring ? NULL : ring->next;
}

static struct ready *queue_first(struct ready_queue *queue)
{
        return ring_first(&queue->root) ?: ring_first(&queue->others);
}

static void ready_turn(uv_idle_t *idle)
{
        struct ready_queue *queue = idle->data;
        struct ready *ready;

        queue->until = uv_hrtime() + READY_TURN_USEC * UINT64_C(1000);
        while ((ready = queue_first(queue))) {
                ready_remove(ready);
                if (ready->step(ready))
                        ready_wake(ready);
                if (uv_hrtime() >= queue->until)
                        return;
        }
        uv_idle_stop(idle);
}

void ready_open(struct ready_queue *queue, uv_loop_t *loop)
{
        uv_idle_init(loop, &queue->idle);
        queue->idle.data = queue;
        ring_init(&queue->root);
        ring_init(&queue->others);
        queue->until = 0;
        queue->closed = false;
        queue->count = 0;
}

void ready_close(struct ready_queue *queue)
{
        struct ready *ready;

        while ((ready = queue_first(queue))) {
                ready_remove(ready);
                if (ready->drop)
                        ready->drop(ready);
        }
        queue->closed = true;
        uv_close((uv_handle_t *)&queue->idle, NULL);
}

void ready_init(struct ready *ready, struct ready_queue *queue, bool (*step)(struct ready *ready))
{
        *ready = (struct ready){.queue = queue, .step = step};
}

static void ready_put(struct ready *ready, bool root)
{
        struct ready_queue *queue = ready->queue;

        if (!queue || queue->closed)
                return;
        ring_put(root ? &queue->root : &queue->others, ready);
        queue->count++;
        uv_idle_start(&queue->idle, ready_turn);
}

void ready_wake(struct ready *ready)
{
        if (!ready->ring)
                ready_put(ready, ready->root);
}

void ready_wake_root(struct ready *ready)
{
        if (ready->ring && ready->ring == &ready->queue->root)
                return;
        ready_remove(ready);
        ready_put(ready, true);
}

bool ready_is_waiting(const struct ready *ready)
{
        return ready->ring != NULL;
}

bool ready_is_over(const struct ready *ready)
{
        return uv_hrtime() >= ready->queue->until;
}

void ready_remove(struct ready *ready)
{
        if (!ready->ring)
                return;
        ready->before->next = ready->next;
        ready->next->before = ready->before;
        ready->ring = NULL;
        ready->queue->count--;
}
