/* SPDX-License-Identifier: ISC */
#include "daemon/loop/closer.h"

#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "daemon/loop/confine.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* The signal that ends a sleep. Nobody else sends it, and where no handler is set it is ignored. */
#define WAKING SIGURG

_Static_assert((CLOSER_RING & (CLOSER_RING - 1)) == 0, "places go round with the counters");

static void woken(int number)
{
        (void)number; /* that the sleep ended is all that is wanted */
}

/* Makes a timer that signals the calling thread, again and again while it closes. False: there is none, and
 * the thread sleeps as long as it must. */
static bool alarm_new(timer_t *alarm)
{
        struct sigevent event = {
                .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = WAKING, .sigev_notify_thread_id = gettid()};
        sigset_t waking;

        sigemptyset(&waking);
        sigaddset(&waking, WAKING);
        return timer_create(CLOCK_MONOTONIC, &event, alarm) == 0 &&
               pthread_sigmask(SIG_UNBLOCK, &waking, NULL) == 0;
}

static void alarm_set(timer_t alarm, long usec)
{
        const struct itimerspec interval = {{0, usec * 1000}, {0, usec * 1000}};

        timer_settime(alarm, 0, &interval, NULL);
}

/*
 * The signal ends the first sleep of a close(), and is still pending for whatever else that call releases, so
 * that nothing more of it sleeps.
 */
static void *closer_main(void *argument)
{
        struct closer *closer = argument;
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}, {0, 0, 0}};
        timer_t alarm;
        bool has_alarm = alarm_new(&alarm);

        syscall(SYS_capset, &header, none);
        prctl(PR_SET_NAME, "closer");
        confine_take(CONFINE_CLOSER);
        for (;;) {
                uint64_t one;
                int fd;

                if (read(closer->wanted, &one, sizeof(one)) != sizeof(one))
                        continue;
                fd = atomic_exchange(&closer->ring[atomic_fetch_add(&closer->taken, 1) % CLOSER_RING], -1);
                if (has_alarm)
                        alarm_set(alarm, CLOSER_WAKE_USEC);
                close(fd);
                if (has_alarm)
                        alarm_set(alarm, 0);
                atomic_fetch_add(&closer->closed, 1);
        }
        return NULL;
}

void closer_init(struct closer *closer)
{
        closer->wanted = -1;
        closer->threads = closer->handed = 0;
        atomic_init(&closer->taken, 0);
        atomic_init(&closer->closed, 0);
        for (size_t i = 0; i < CLOSER_RING; i++)
                atomic_init(&closer->ring[i], -1);
}

/* Starts the threads with all signals blocked, which are the loop's; each thread unblocks WAKING. */
static int closer_start_threads(struct closer *closer)
{
        pthread_attr_t attributes;
        pthread_t thread;
        sigset_t all, before;
        int result = 0;

        pthread_attr_init(&attributes);
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        pthread_attr_setstacksize(&attributes, CLOSER_STACK_BYTES);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        while (result == 0 && closer->threads < CLOSER_THREADS) {
                result = pthread_create(&thread, &attributes, closer_main, closer);
                closer->threads += result == 0;
        }
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attributes);
        return closer->threads ? 0 : -result;
}

int closer_begin(struct closer *closer)
{
        const struct sigaction action = {.sa_handler = woken}; /* no SA_RESTART */

        if (closer->wanted < 0)
                closer->wanted = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE); /* the threads wait in read() */
        if (closer->wanted < 0 || sigaction(WAKING, &action, NULL) < 0)
                return -errno;
        return closer_start_threads(closer);
}

bool closer_take(struct closer *closer, int fd)
{
        const uint64_t one = 1;

        atomic_int *place = &closer->ring[closer->handed % CLOSER_RING];

        if (closer->wanted < 0 || (!closer->threads && closer_start_threads(closer)) ||
            atomic_load(place) >= 0)
                return false;
        atomic_store(place, fd);
        if (write(closer->wanted, &one, sizeof(one)) != sizeof(one)) {
                atomic_store(place, -1);
                return false;
        }
        closer->handed++;
        return true;
}

unsigned closer_pending(const struct closer *closer)
{
        return closer->handed - atomic_load(&closer->closed);
}
