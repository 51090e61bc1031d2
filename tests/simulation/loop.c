/* SPDX-License-Identifier: ISC */
/*
 * libuv, as far as the broker calls it: the same handles, the same order within a turn (1.44's), by the virtual clock. What the
 * kernel says is ready is asked of it; in which order of what is, the seed says, and whether now or in a later turn. Here: the turn.
 */
#include <poll.h>

#include "loop_inner.h"

#define SKIPS_MOST 6 /* turns that what is ready may have to wait for, while others are served */

static int signals[8];
static unsigned signal_count;
static intptr_t last_place; /* who was called is the last of its kind */

void loop_signal(int number)
{
        if (signal_count < sizeof(signals) / sizeof(signals[0]))
                signals[signal_count++] = number;
}

static void run_signals(void)
{
        while (signal_count) {
                int number = signals[--signal_count];

                for (unsigned i = 0; i < loop_state.count; i++)
                        if (handle_is_active(loop_state.handles[i], UV_SIGNAL) &&
                            ((uv_signal_t *)loop_state.handles[i])->signum == number) {
                                ((uv_signal_t *)loop_state.handles[i])
                                        ->signal_cb((uv_signal_t *)loop_state.handles[i], number);
                                break;
                        }
        }
}

static uv_timer_t *first_timer(void)
{
        uv_timer_t *first = NULL;

        for (unsigned i = 0; i < loop_state.count; i++) {
                uv_timer_t *timer = (uv_timer_t *)loop_state.handles[i];

                if (!handle_is_active(loop_state.handles[i], UV_TIMER))
                        continue;
                if (!first || timer->timeout < first->timeout ||
                    (timer->timeout == first->timeout && timer->start_id < first->start_id))
                        first = timer;
        }
        return first;
}

static void run_timers(const uv_loop_t *loop)
{
        uv_timer_t *timer;

        while ((timer = first_timer()) && timer->timeout <= loop->time) {
                uv_timer_stop(timer);
                if (timer->repeat)
                        uv_timer_start(timer, timer->timer_cb, timer->repeat, timer->repeat);
                timer->timer_cb(timer);
        }
}

static void call(uv_handle_t *handle)
{
        if (handle->type == UV_IDLE)
                ((uv_idle_t *)handle)->idle_cb((uv_idle_t *)handle);
        else if (handle->type == UV_PREPARE)
                ((uv_prepare_t *)handle)->prepare_cb((uv_prepare_t *)handle);
        else
                ((uv_check_t *)handle)->check_cb((uv_check_t *)handle);
}

static bool is_there(const uv_handle_t *handle)
{
        for (unsigned i = 0; i < loop_state.count; i++)
                if (loop_state.handles[i] == handle)
                        return true;
        return false;
}

/* Those that are active when it begins, and have been all the time when it comes to them. */
static void run_all(uv_handle_type type)
{
        uv_handle_t *found[64];
        intptr_t places[64];
        unsigned n = 0;

        for (unsigned i = 0; i < loop_state.count && n < 64; i++) {
                unsigned at = n;

                if (!handle_is_active(loop_state.handles[i], type))
                        continue;
                for (; at > 0 && places[at - 1] > handle_place(loop_state.handles[i]); at--) {
                        found[at] = found[at - 1];
                        places[at] = places[at - 1];
                }
                found[at] = loop_state.handles[i];
                places[at] = handle_place(loop_state.handles[i]);
                n++;
        }
        for (unsigned i = 0; i < n; i++)
                if (is_there(found[i]) && handle_is_active(found[i], type) &&
                    handle_place(found[i]) == places[i]) {
                        found[i]->u.reserved[0] = (void *)++last_place;
                        call(found[i]);
                }
}

static bool is_late(const uv_poll_t *poll)
{
        return core->inotify_late_until_usec > core->now_usec && descriptor_is_inotify(poll->io_watcher.fd);
}

struct found {
        uv_poll_t *poll;
        int events;
};

/* As the kernel says it, and libuv's uv__io_poll() passes it on. */
static unsigned look(struct found *found, unsigned most)
{
        static struct pollfd asked[HANDLES_MOST];
        static uv_poll_t *of[HANDLES_MOST];
        unsigned n = 0, ready = 0;

        for (unsigned i = 0; i < loop_state.count; i++) {
                uv_poll_t *poll = (uv_poll_t *)loop_state.handles[i];

                if (!handle_is_active(loop_state.handles[i], UV_POLL) || is_late(poll))
                        continue;
                asked[n] =
                        (struct pollfd){.fd = poll->io_watcher.fd, .events = (short)poll->io_watcher.pevents};
                of[n++] = poll;
        }
        if (n == 0 || poll(asked, n, 0) <= 0)
                return 0;
        for (unsigned i = 0; i < n && ready < most; i++) {
                int events = asked[i].revents;

                SIM_HOLDS(!(events & POLLNVAL), "descriptors", "one that is closed is still looked at");
                events &= (int)of[i]->io_watcher.pevents | POLLERR | POLLHUP;
                if (events == POLLERR || events == POLLHUP)
                        events |= (int)of[i]->io_watcher.pevents & (POLLIN | POLLOUT | POLLRDHUP | POLLPRI);
                if (events)
                        found[ready++] = (struct found){of[i], events};
        }
        return ready;
}

static void tell(const struct found *found)
{
        uv_poll_t *poll = found->poll;
        int events = (found->events & POLLIN ? UV_READABLE : 0) |
                     (found->events & POLLOUT ? UV_WRITABLE : 0) |
                     (found->events & POLLRDHUP ? UV_DISCONNECT : 0) |
                     (found->events & POLLPRI ? UV_PRIORITIZED : 0);

        if (found->events & POLLERR && !(found->events & POLLPRI)) {
                uv_poll_stop(poll);
                poll->poll_cb(poll, UV_EBADF, 0);
                return;
        }
        poll->poll_cb(poll, 0, events);
}

static unsigned char *skips_of(const uv_poll_t *poll)
{
        unsigned i = 0;

        while (loop_state.handles[i] != (const uv_handle_t *)poll)
                i++;
        return &loop_state.skipped[i];
}

/* In any order: which became ready first, who else is at work decides. Some may come in a later turn. */
static void run_polls(void)
{
        static struct found found[HANDLES_MOST];
        unsigned ready = look(found, HANDLES_MOST);
        unsigned most = ready > 1 ? 1 + sim_below(ready) : ready;

        for (unsigned i = 0; i < ready; i++) {
                unsigned other = i + sim_below(ready - i);
                struct found next = found[other];

                found[other] = found[i];
                found[i] = next;
                if (!is_there((uv_handle_t *)next.poll) ||
                    !handle_is_active((uv_handle_t *)next.poll, UV_POLL))
                        continue;
                if (i >= most && ++*skips_of(next.poll) < SKIPS_MOST)
                        continue;
                *skips_of(next.poll) = 0;
                if (next.poll->io_watcher.pevents & (unsigned)next.events ||
                    next.events & (POLLERR | POLLHUP))
                        tell(&next);
        }
}

static void run_closing(void)
{
        uv_handle_t *handle = loop_state.closing;

        loop_state.closing = NULL;
        while (handle) {
                uv_handle_t *next = handle->next_closing;

                handle->flags = (handle->flags & ~(unsigned)CLOSING) | CLOSED;
                handle_drop(handle);
                if (handle->close_cb)
                        handle->close_cb(handle);
                handle = next;
        }
}

void loop_turn(uv_loop_t *loop)
{
        uv_update_time(loop);
        run_timers(loop);
        run_all(UV_IDLE);
        run_all(UV_PREPARE);
        run_signals();
        run_polls();
        run_all(UV_CHECK);
        run_closing();
        core->turns++;
}

int64_t loop_due_usec(void)
{
        const uv_timer_t *timer = first_timer();

        return timer ? (int64_t)timer->timeout * 1000 : SIM_NEVER;
}

bool loop_is_ready(void)
{
        static struct found found[1];

        if (loop_state.closing || signal_count)
                return true;
        for (unsigned i = 0; i < loop_state.count; i++)
                if (handle_is_active(loop_state.handles[i], UV_IDLE))
                        return true;
        return loop_due_usec() <= core->now_usec || look(found, 1) > 0;
}

static bool loop_is_alive(void)
{
        for (unsigned i = 0; i < loop_state.count; i++)
                if ((loop_state.handles[i]->flags & (ACTIVE | REF)) == (ACTIVE | REF))
                        return true;
        return loop_state.closing != NULL;
}

int uv_run(uv_loop_t *loop, uv_run_mode mode)
{
        (void)mode;
        life_runs();
        while (loop_is_alive())
                turn_once(loop);
        return 0;
}
