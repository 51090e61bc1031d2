#include "daemon/session/turns.h"

#include "daemon/bounds.h"

static struct turn_queue *queue_of(struct turns *turns, const struct turn *turn)
{
        return turn->root ? &turns->root : &turns->others;
}

static void queue_put(struct turn_queue *queue, struct turn *turn)
{
        turn->next = NULL;
        if (queue->first)
                queue->last->next = turn;
        else
                queue->first = turn;
        queue->last = turn;
        queue->count++;
        turn->queued = true;
}

static void queue_remove(struct turn_queue *queue, struct turn *turn)
{
        struct turn *before = NULL;

        for (struct turn *at = queue->first; at != turn; at = at->next)
                before = at;
        if (before)
                before->next = turn->next;
        else
                queue->first = turn->next;
        if (queue->last == turn)
                queue->last = before;
        queue->count--;
        turn->queued = false;
}

/* Those that are in it now: who comes in meanwhile has the next turn. */
static void queue_run(struct turns *turns, struct turn_queue *queue)
{
        for (unsigned left = queue->count; left && queue->first; left--) {
                struct turn *turn = queue->first;

                queue_remove(queue, turn);
                turns->take(turn);
                if (queue == &turns->others && uv_hrtime() >= turns->until)
                        return;
        }
}

static void turns_run(uv_check_t *check)
{
        struct turns *turns = check->data;

        queue_run(turns, &turns->root);
        turns->until = uv_hrtime() + SERVER_TURN_USEC * UINT64_C(1000);
        queue_run(turns, &turns->others);
        if (turns->root.first || turns->others.first)
                return;
        uv_check_stop(&turns->check);
        uv_idle_stop(&turns->awake);
}

static void turns_wake(uv_idle_t *awake)
{
        (void)awake; /* the loop has nothing to wait for */
}

void turns_init(struct turns *turns, uv_loop_t *loop, void (*take)(struct turn *turn))
{
        uv_check_init(loop, &turns->check);
        uv_idle_init(loop, &turns->awake);
        turns->check.data = turns;
        turns->take = take;
}

void turns_close(struct turns *turns)
{
        uv_close((uv_handle_t *)&turns->check, NULL);
        uv_close((uv_handle_t *)&turns->awake, NULL);
}

void turns_add(struct turns *turns, struct turn *turn)
{
        if (!turn->queued)
                queue_put(queue_of(turns, turn), turn);
        if (uv_is_closing((uv_handle_t *)&turns->check))
                return;
        uv_check_start(&turns->check, turns_run);
        uv_idle_start(&turns->awake, turns_wake);
}

void turns_remove(struct turns *turns, struct turn *turn)
{
        if (turn->queued)
                queue_remove(queue_of(turns, turn), turn);
}

bool turns_is_over(const struct turns *turns, const struct turn *turn)
{
        return !turn->root && uv_hrtime() >= turns->until;
}
