/*
 * libuv, as far as the broker calls it: the same handles, the same order within a turn (1.44's), by the virtual clock. What the
 * kernel says is ready is asked of it; in which order of what is, the seed says, and whether now or in a later turn.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

enum { CLOSING = 1, CLOSED = 2, ACTIVE = 4, REF = 8 };

#define HANDLES_MOST 8192
#define SKIPS_MOST 6 /* turns that what is ready may have to wait for, while others are served */

static uv_handle_t *handles[HANDLES_MOST]; /* not closed, in the order of their beginning */
static unsigned count;
static uv_handle_t *closing; /* the last one first, as libuv has it */
static uint64_t timers_started;
static int signals[8];
static unsigned signal_count;
static unsigned char skipped[HANDLES_MOST];

static void handle_init(uv_loop_t *loop, void *anything, uv_handle_type type)
{
        uv_handle_t *handle = anything;

        handle->loop = loop;
        handle->type = type;
        handle->flags = REF;
        if (count == HANDLES_MOST)
                sim_violation("handles", "%u handles", count);
        skipped[count] = 0;
        handles[count++] = handle;
}

static void handle_drop(const uv_handle_t *handle)
{
        unsigned i = 0;

        while (handles[i] != handle)
                i++;
        memmove(&handles[i], &handles[i + 1], (--count - i) * sizeof(handles[0]));
        memmove(&skipped[i], &skipped[i + 1], count - i);
}

unsigned loop_handles(void)
{
        return count;
}

static bool is_active(const uv_handle_t *handle, uv_handle_type type)
{
        return handle->type == type && handle->flags & ACTIVE;
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
        handle->next_closing = closing;
        closing = handle;
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
        return count ? UV_EBUSY : 0;
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
static intptr_t first_place, last_place;

static intptr_t place_of(const uv_handle_t *handle)
{
        return (intptr_t)handle->u.reserved[0];
}

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

void loop_signal(int number)
{
        if (signal_count < sizeof(signals) / sizeof(signals[0]))
                signals[signal_count++] = number;
}

static void run_signals(void)
{
        while (signal_count) {
                int number = signals[--signal_count];

                for (unsigned i = 0; i < count; i++)
                        if (is_active(handles[i], UV_SIGNAL) &&
                            ((uv_signal_t *)handles[i])->signum == number) {
                                ((uv_signal_t *)handles[i])->signal_cb((uv_signal_t *)handles[i], number);
                                break;
                        }
        }
}

static uv_timer_t *first_timer(void)
{
        uv_timer_t *first = NULL;

        for (unsigned i = 0; i < count; i++) {
                uv_timer_t *timer = (uv_timer_t *)handles[i];

                if (!is_active(handles[i], UV_TIMER))
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
        for (unsigned i = 0; i < count; i++)
                if (handles[i] == handle)
                        return true;
        return false;
}

/* Those that are active when it begins, and have been all the time when it comes to them. */
static void run_all(uv_handle_type type)
{
        uv_handle_t *found[64];
        intptr_t places[64];
        unsigned n = 0;

        for (unsigned i = 0; i < count && n < 64; i++) {
                unsigned at = n;

                if (!is_active(handles[i], type))
                        continue;
                for (; at > 0 && places[at - 1] > place_of(handles[i]); at--) {
                        found[at] = found[at - 1];
                        places[at] = places[at - 1];
                }
                found[at] = handles[i];
                places[at] = place_of(handles[i]);
                n++;
        }
        for (unsigned i = 0; i < n; i++)
                if (is_there(found[i]) && is_active(found[i], type) && place_of(found[i]) == places[i]) {
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

        for (unsigned i = 0; i < count; i++) {
                uv_poll_t *poll = (uv_poll_t *)handles[i];

                if (!is_active(handles[i], UV_POLL) || is_late(poll))
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

        while (handles[i] != (const uv_handle_t *)poll)
                i++;
        return &skipped[i];
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
                if (!is_there((uv_handle_t *)next.poll) || !is_active((uv_handle_t *)next.poll, UV_POLL))
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
        uv_handle_t *handle = closing;

        closing = NULL;
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

        if (closing || signal_count)
                return true;
        for (unsigned i = 0; i < count; i++)
                if (is_active(handles[i], UV_IDLE))
                        return true;
        return loop_due_usec() <= core->now_usec || look(found, 1) > 0;
}

static bool loop_is_alive(void)
{
        for (unsigned i = 0; i < count; i++)
                if ((handles[i]->flags & (ACTIVE | REF)) == (ACTIVE | REF))
                        return true;
        return closing != NULL;
}

int uv_run(uv_loop_t *loop, uv_run_mode mode)
{
        (void)mode;
        life_runs();
        while (loop_is_alive())
                turn_once(loop);
        return 0;
}
