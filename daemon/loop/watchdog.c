/* SPDX-License-Identifier: ISC */
#include "daemon/loop/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/log/clock.h"
#include "daemon/loop/confine.h"

/* What a look at the loop shows. */
struct sight {
        unsigned long long turns;
        int64_t cpu_nsec;
        char state; /* as in /proc: R runs or would like to; '?': not readable */
        long call;  /* the system call that it is in; -1: none */
        bool waits; /* in epoll, with nothing to be done */
};

static char read_state(const struct watchdog *watchdog)
{
        char text[PROC_STAT_BYTES];
        ssize_t length = watchdog->state_fd < 0 ? -1 : pread(watchdog->state_fd, text, sizeof(text) - 1, 0);
        const char *end;

        if (length <= 0)
                return '?';
        text[length] = '\0';
        end = strrchr(text, ')');
        return end && end[1] == ' ' && end[2] ? end[2] : '?';
}

static bool is_epoll(long call)
{
        switch (call) {
#ifdef SYS_epoll_wait
        case SYS_epoll_wait:
#endif
#ifdef SYS_epoll_pwait2
        case SYS_epoll_pwait2:
#endif
        case SYS_epoll_pwait:
                return true;
        default:
                return false;
        }
}

/* Reads which system call the loop is in; *call is -1 outside of any. False where the kernel does not say. */
static bool read_call(const struct watchdog *watchdog, long *call)
{
        char text[PROC_LINE_BYTES];
        ssize_t length =
                watchdog->syscall_fd < 0 ? -1 : pread(watchdog->syscall_fd, text, sizeof(text) - 1, 0);

        *call = -1;
        if (length <= 0)
                return false;
        text[length] = '\0';
        if (*text != 'r') /* "running" */
                *call = strtol(text, NULL, 10);
        return true;
}

static bool has_work(const struct watchdog *watchdog)
{
        struct pollfd backend = {.fd = uv_backend_fd(watchdog->loop), .events = POLLIN};

        return poll(&backend, 1, 0) > 0;
}

static struct sight look(const struct watchdog *watchdog)
{
        struct sight sight = {
                .turns = atomic_load(&watchdog->turns),
                .cpu_nsec = clock_nsec_of(watchdog->cpu_clock),
                .state = read_state(watchdog),
        };

        sight.waits = (!read_call(watchdog, &sight.call) || is_epoll(sight.call)) && !has_work(watchdog);
        return sight;
}

/* Sleeps until the loop has something to do, or one of its timers is due. False: this thread is to end. */
static bool wait_for_work(const struct watchdog *watchdog)
{
        struct pollfd ends[] = {{.fd = uv_backend_fd(watchdog->loop), .events = POLLIN},
                                {.fd = watchdog->end_fd, .events = POLLIN}};
        int64_t due_msec = atomic_load(&watchdog->due_msec);
        int64_t wait_msec = due_msec == INT64_MAX ? -1 : due_msec - clock_msec();

        if (due_msec != INT64_MAX)
                wait_msec = wait_msec < 0 ? 0 : wait_msec > INT_MAX ? INT_MAX : wait_msec;
        poll(ends, 2, (int)wait_msec);
        return ends[1].revents == 0;
}

/* Sleeps for so long. False: this thread is to end. */
static bool nap(const struct watchdog *watchdog, int64_t msec)
{
        struct pollfd end = {.fd = watchdog->end_fd, .events = POLLIN};

        return poll(&end, 1, (int)msec) <= 0;
}

/* Writes a line, not by log.h, whose lock the loop may hold. A standard error that is full loses the line. */
static void say(const struct sight *sight, int64_t stood_msec, const char *what)
{
        struct pollfd error = {.fd = STDERR_FILENO, .events = POLLOUT};
        char line[160];
        int length =
                snprintf(line, sizeof(line), "watchdog: the loop stands: %s msec=%lld state=%c syscall=%ld\n",
                         what, (long long)stood_msec, sight->state, sight->call);

        if (poll(&error, 1, 0) > 0 && error.revents & POLLOUT)
                (void)!write(STDERR_FILENO, line, (size_t)length);
}

/* For how much of a nap the loop stood, in nanoseconds. */
static int64_t stood(const struct sight *before, const struct sight *now, int64_t nap_msec)
{
        if (now->turns != before->turns || now->waits)
                return 0;
        return now->state == 'R' ? now->cpu_nsec - before->cpu_nsec : nap_msec * 1000000;
}

/* Looks at the loop until it waits again. False: this thread is to end. */
static bool oversee(const struct watchdog *watchdog, struct sight before)
{
        int64_t limit_nsec = watchdog->limit_msec * 1000000;
        int64_t nap_msec = watchdog->limit_msec / WATCHDOG_LOOKS;
        int64_t stood_nsec = 0;
        bool told = false;

        do {
                struct sight now;

                if (!nap(watchdog, nap_msec))
                        return false;
                now = look(watchdog);
                if (now.turns != before.turns || now.waits) {
                        stood_nsec = 0;
                        told = false;
                }
                stood_nsec += stood(&before, &now, nap_msec);
                if (!told && stood_nsec >= limit_nsec / 2) {
                        say(&now, stood_nsec / 1000000, "for half of its time");
                        told = true;
                }
                if (stood_nsec >= limit_nsec) {
                        say(&now, stood_nsec / 1000000, "ended");
                        kill(getpid(), SIGKILL);
                }
                before = now;
        } while (!before.waits);
        return true;
}

/* The thread needs none. The raw system call changes those of the calling thread only. */
static void drop_capabilities(void)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}, {0, 0, 0}};

        syscall(SYS_capset, &header, none);
}

static void *watchdog_main(void *argument)
{
        const struct watchdog *watchdog = argument;

        pthread_setname_np(pthread_self(), "watchdog");
        drop_capabilities();
        confine_take(CONFINE_WATCHDOG);
        for (;;) {
                struct sight before = look(watchdog);

                if (!wait_for_work(watchdog) || !oversee(watchdog, before))
                        return NULL;
        }
}

/* Called each time that the loop is about to wait. */
static void on_turn(uv_prepare_t *turn)
{
        struct watchdog *watchdog = turn->data;
        int timeout_msec = uv_backend_timeout(watchdog->loop);

        atomic_store_explicit(&watchdog->due_msec,
                              timeout_msec < 0 ? INT64_MAX : (int64_t)uv_now(watchdog->loop) + timeout_msec,
                              memory_order_relaxed);
        atomic_fetch_add_explicit(&watchdog->turns, 1, memory_order_relaxed);
}

static int open_own(const char *name)
{
        char path[64];

        snprintf(path, sizeof(path), "/proc/self/task/%d/%s", (int)gettid(), name);
        return open(path, O_RDONLY | O_CLOEXEC);
}

/* Starts the thread with all signals blocked, since they are the loop's. */
static int start_thread(struct watchdog *watchdog)
{
        pthread_attr_t attributes;
        sigset_t all, before;
        int result = pthread_attr_init(&attributes);

        if (result)
                return -result;
        pthread_attr_setstacksize(&attributes, WATCHDOG_STACK_BYTES);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        result = pthread_create(&watchdog->thread, &attributes, watchdog_main, watchdog);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attributes);
        return -result;
}

static void close_files(struct watchdog *watchdog)
{
        if (watchdog->state_fd >= 0)
                close(watchdog->state_fd);
        if (watchdog->syscall_fd >= 0)
                close(watchdog->syscall_fd);
        if (watchdog->end_fd >= 0)
                close(watchdog->end_fd);
        watchdog->state_fd = watchdog->syscall_fd = watchdog->end_fd = -1;
}

int watchdog_start(struct watchdog *watchdog, uv_loop_t *loop, int64_t limit_msec)
{
        int result;

        *watchdog = (struct watchdog){
                .loop = loop, .limit_msec = limit_msec, .state_fd = -1, .syscall_fd = -1, .end_fd = -1};
        if (limit_msec == 0)
                return 0;
        result = pthread_getcpuclockid(pthread_self(), &watchdog->cpu_clock);
        if (result)
                return -result;
        watchdog->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (watchdog->end_fd < 0)
                return -errno;
        watchdog->state_fd = open_own("stat");
        watchdog->syscall_fd = open_own("syscall");
        atomic_store(&watchdog->due_msec, 0); /* there is work from the first turn on */
        uv_prepare_init(loop, &watchdog->turn);
        watchdog->turn.data = watchdog;
        uv_prepare_start(&watchdog->turn, on_turn);
        uv_unref((uv_handle_t *)&watchdog->turn);
        result = start_thread(watchdog);
        if (result)
                close_files(watchdog);
        watchdog->started = result == 0;
        return result;
}

void watchdog_stop(struct watchdog *watchdog)
{
        if (!watchdog->started)
                return;
        watchdog->started = false;
        eventfd_write(watchdog->end_fd, 1);
        pthread_join(watchdog->thread, NULL);
        close_files(watchdog);
        uv_close((uv_handle_t *)&watchdog->turn, NULL);
}
