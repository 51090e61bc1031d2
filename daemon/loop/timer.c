/* SPDX-License-Identifier: ISC */
#include "daemon/loop/timer.h"

static void timer_expired(uv_timer_t *handle)
{
        struct timer *timer = handle->data;

        timer->expired(timer->owner);
}

void timer_init(struct timer *timer, uv_loop_t *loop, void (*expired)(void *owner), void *owner)
{
        uv_timer_init(loop, &timer->handle);
        timer->handle.data = timer;
        timer->expired = expired;
        timer->owner = owner;
        timer->open = true;
}

void timer_start(struct timer *timer, uint64_t msec)
{
        /* The loop's notion of now is from the beginning of this turn; a late turn must not shorten the
         * time. */
        uv_update_time(timer->handle.loop);
        uv_timer_start(&timer->handle, timer_expired, msec, 0);
}

void timer_stop(struct timer *timer)
{
        uv_timer_stop(&timer->handle);
}

bool timer_is_running(const struct timer *timer)
{
        return timer->open && uv_is_active((const uv_handle_t *)&timer->handle);
}

int64_t timer_left_msec(const struct timer *timer)
{
        return timer_is_running(timer) ? (int64_t)uv_timer_get_due_in(&timer->handle) : 0;
}

static void timer_closed(uv_handle_t *handle)
{
        struct timer *timer = handle->data;

        timer->expired(timer->owner);
}

void timer_close(struct timer *timer, void (*closed)(void *owner))
{
        if (!timer->open)
                return;
        timer->open = false;
        timer->expired = closed;
        uv_close((uv_handle_t *)&timer->handle, closed ? timer_closed : NULL);
}
