/* SPDX-License-Identifier: ISC */
/* libuv's handles, as loop.c turns them: what is begun, started, stopped and closed. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "loop_inner.h"

struct loop_state loop_state;
static uint64_t timers_started;

static void handle_init(uv_loop_t *loop, void *anything, uv_handle_type type)
{
        uv_handle_t *handle = anything;

        handle->loop = loop;
        handle->type = type;
        handle->flags = REF;
        if (loop_state.count == HANDLES_MOST)
                sim_violation("loop_state.handles", "%u loop_state.handles", loop_state.count);
        loop_state.skipped[loop_state.count] = 0;
        loop_state.handles[loop_state.count++] = handle;
}

void handle_drop(const uv_handle_t *handle)
{
        unsigned i = 0;

        while (loop_state.handles[i] != handle)
                i++;
        memmove(&loop_state.handles[i], &loop_state.handles[i + 1],
                (--loop_state.count - i) * sizeof(loop_state.handles[0]));
        memmove(&loop_state.skipped[i], &loop_state.skipped[i + 1], loop_state.count - i);
}

unsigned loop_handles(void)
{
        return loop_state.count;
}

int uv_is_active(const uv_handle_t *handle)
{
        return (handle->flags & ACTIVE) != 0;
}

int uv_is_closing(const uv_handle_t *handle)
{
        return (handle->flags & (CLOSING | CLOSED)) != 0;
}

void uv_unref(uv_handle_t *handle)
{
        handle->flags &= ~(unsigned)REF;
}

void uv_close(uv_handle_t *handle, uv_close_cb callback)
{
        SIM_HOLDS(!uv_is_closing(handle), "libuv", "a handle is closed twice");
        handle->close_cb = callback;
        handle->flags = (handle->flags | CLOSING) & ~(unsigned)ACTIVE;
        handle->next_closing = loop_state.closing;
        loop_state.closing = handle;
}

int uv_loop_init(uv_loop_t *loop)
{
        memset(loop, 0, sizeof(*loop));
        uv_update_time(loop);
        return 0;
}

int uv_loop_close(uv_loop_t *loop)
{
        (void)loop;
        return loop_state.count ? UV_EBUSY : 0;
}

void uv_update_time(uv_loop_t *loop)
{
        loop->time = (uint64_t)(sim_now_usec() / 1000);
}

uint64_t uv_now(const uv_loop_t *loop)
{
        return loop->time;
}

/* What is looked at for how long a turn has taken: some take long. */
uint64_t uv_hrtime(void)
{
        core->now_usec += sim_below(64) == 0 ? 2500 : 2;
        return (uint64_t)core->now_usec * 1000;
}

int uv_loop_configure(uv_loop_t *loop, uv_loop_option option, ...)
{
        (void)loop;
        (void)option;
        return 0;
}

/* The clock goes on while the loop waits, and hardly else. */
uint64_t uv_metrics_idle_time(uv_loop_t *loop)
{
        (void)loop;
        return uv_hrtime();
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *timer)
{
        handle_init(loop, timer, UV_TIMER);
        timer->timer_cb = NULL;
        timer->timeout = timer->repeat = 0;
        return 0;
}

int uv_timer_stop(uv_timer_t *timer)
{
        timer->flags &= ~(unsigned)ACTIVE;
        return 0;
}

int uv_timer_start(uv_timer_t *timer, uv_timer_cb callback, uint64_t timeout, uint64_t repeat)
{
        if (uv_is_closing((uv_handle_t *)timer) || !callback)
                return UV_EINVAL;
        timer->timer_cb = callback;
        timer->timeout = timer->loop->time + timeout;
        if (timer->timeout < timeout)
                timer->timeout = UINT64_MAX;
        timer->repeat = repeat;
        timer->start_id = timers_started++;
        timer->flags |= ACTIVE;
        return 0;
}

uint64_t uv_timer_get_due_in(const uv_timer_t *timer)
{
        return timer->loop->time >= timer->timeout ? 0 : timer->timeout - timer->loop->time;
}

/* Whose turn it is among those of a kind: who is started is the first, who was called is the last. */
static intptr_t first_place;

static void put_first(void *handle)
{
        ((uv_handle_t *)handle)->u.reserved[0] = (void *)--first_place;
}

#define SIMPLE(kind, KIND)                                                                                   \
        int uv_##kind##_init(uv_loop_t *loop, uv_##kind##_t *handle)                                         \
        {                                                                                                    \
                handle_init(loop, handle, UV_##KIND);                                                        \
                handle->kind##_cb = NULL;                                                                    \
                return 0;                                                                                    \
        }                                                                                                    \
        int uv_##kind##_start(uv_##kind##_t *handle, uv_##kind##_cb callback)                                \
        {                                                                                                    \
                if (handle->flags & (ACTIVE | CLOSING))                                                      \
                        return 0;                                                                            \
                handle->kind##_cb = callback;                                                                \
                handle->flags |= ACTIVE;                                                                     \
                put_first(handle);                                                                           \
                return 0;                                                                                    \
        }                                                                                                    \
        int uv_##kind##_stop(uv_##kind##_t *handle)                                                          \
        {                                                                                                    \
                handle->flags &= ~(unsigned)ACTIVE;                                                          \
                return 0;                                                                                    \
        }

SIMPLE(idle, IDLE)
SIMPLE(prepare, PREPARE)
SIMPLE(check, CHECK)

int uv_poll_init(uv_loop_t *loop, uv_poll_t *poll, int fd)
{
        handle_init(loop, poll, UV_POLL);
        poll->poll_cb = NULL;
        poll->io_watcher.fd = fd;
        poll->io_watcher.pevents = 0;
        return 0;
}

int uv_poll_stop(uv_poll_t *poll)
{
        poll->flags &= ~(unsigned)ACTIVE;
        poll->io_watcher.pevents = 0;
        return 0;
}

int uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb callback)
{
        uv_poll_stop(poll);
        if (events == 0)
                return 0;
        poll->io_watcher.pevents =
                (events & UV_READABLE ? POLLIN : 0) | (events & UV_WRITABLE ? POLLOUT : 0) |
                (events & UV_DISCONNECT ? POLLRDHUP : 0) | (events & UV_PRIORITIZED ? POLLPRI : 0);
        poll->poll_cb = callback;
        poll->flags |= ACTIVE;
        return 0;
}

int uv_signal_init(uv_loop_t *loop, uv_signal_t *handle)
{
        handle_init(loop, handle, UV_SIGNAL);
        handle->signum = 0;
        return 0;
}

int uv_signal_start(uv_signal_t *handle, uv_signal_cb callback, int number)
{
        handle->signal_cb = callback;
        handle->signum = number;
        handle->flags |= ACTIVE;
        return 0;
}
