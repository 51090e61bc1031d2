/* SPDX-License-Identifier: ISC */
#ifndef LOOP_WATCHDOG_H
#define LOOP_WATCHDOG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <uv.h>

/*
 * A thread that ends the process (SIGKILL, after a line on standard error) when the loop has stood for too
 * long: blocked in a system call, or spinning in a callback. s6 starts the next broker.
 *
 * The loop only counts its turns for this thread, and notes when its next timer is due. The thread sleeps as
 * long as the loop waits, and wakes with it: on its epoll descriptor, or a moment after its next timer is
 * due. While the loop is at work, it looks ten times within the limit.
 *
 * What counts is time that the loop slept somewhere else than in epoll, or used the processor, without a
 * turn. Time that it waited for a processor does not, nor does any while the whole process was stopped: a
 * machine that is overloaded, a quota, a container that was frozen cost no broker. The thread has root's ids
 * and no capability, and takes no lock and no memory.
 */
struct watchdog {
        pthread_t thread;
        bool started;
        uv_loop_t *loop;
        uv_prepare_t turn;
        atomic_ullong turns;
        atomic_llong due_msec; /* by CLOCK_MONOTONIC: when the loop's next timer is; INT64_MAX: none */
        int64_t limit_msec;
        int state_fd;   /* /proc/self/task/<the loop's>/stat; -1: not readable */
        int syscall_fd; /* /proc/self/task/<the loop's>/syscall; -1: not readable */
        int end_fd;     /* tells the thread to end */
        clockid_t cpu_clock;
};

/* Starts a watchdog for the calling thread, which is the loop's. limit_msec 0: none is wanted. 0 or a
 * negative errno. */
int watchdog_start(struct watchdog *watchdog, uv_loop_t *loop, int64_t limit_msec);

/* Ends the thread, and waits for that. Called before the loop ends, whose last turns close the handle. */
void watchdog_stop(struct watchdog *watchdog);

#endif
