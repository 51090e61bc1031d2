#include "daemon/loop/slices.h"

#include <stddef.h>

#include "daemon/bounds.h"

static void queue_put(struct slice_queue *queue, struct slice *slice)
{
        if (!queue->first)
                queue->end = &queue->first;
        slice->next = NULL;
        slice->queued = true;
        *queue->end = slice;
        queue->end = &slice->next;
}

static void queue_remove(struct slice_queue *queue, struct slice *slice)
{
        for (struct slice **at = &queue->first; *at; at = &(*at)->next)
                if (*at == slice) {
                        *at = slice->next;
                        if (!slice->next)
                                queue->end = at;
                        slice->queued = false;
                        return;
                }
}

static struct slice_queue *queue_of(struct slices *slices, const struct slice *slice)
{
        return slice->root ? &slices->root : &slices->others;
}

/* At least one piece, however late it is: a slow machine goes on too. */
static void slices_turn(uv_idle_t *idle)
{
        struct slices *slices = idle->data;
        uint64_t until = uv_hrtime() + SLICES_TURN_USEC * UINT64_C(1000);
        struct slice *slice;

        while ((slice = slices->root.first ?: slices->others.first)) {
                queue_remove(queue_of(slices, slice), slice);
                /* A piece may have queued itself again already. */
                if (slice->piece(slice) && !slice->queued)
                        queue_put(queue_of(slices, slice), slice);
                if (uv_hrtime() >= until)
                        return;
        }
        uv_idle_stop(idle);
}

void slices_init(struct slices *slices, uv_loop_t *loop)
{
        uv_idle_init(loop, &slices->idle);
        slices->idle.data = slices;
}

void slices_close(struct slices *slices)
{
        struct slice *slice;

        while ((slice = slices->root.first ?: slices->others.first)) {
                queue_remove(queue_of(slices, slice), slice);
                if (slice->drop)
                        slice->drop(slice);
        }
        uv_close((uv_handle_t *)&slices->idle, NULL);
}

void slices_add(struct slices *slices, struct slice *slice)
{
        if (!slice->queued)
                queue_put(queue_of(slices, slice), slice);
        if (!uv_is_closing((uv_handle_t *)&slices->idle))
                uv_idle_start(&slices->idle, slices_turn);
}

void slices_remove(struct slices *slices, struct slice *slice)
{
        if (slice->queued)
                queue_remove(queue_of(slices, slice), slice);
}
