/* SPDX-License-Identifier: ISC */
#ifndef LOOP_TIMER_H
#define LOOP_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "daemon/log/clock.h"

/* One-shot timers on the loop, for callers that also read the clock. */
struct timer {
        uv_timer_t handle;
        void (*expired)(void *owner);
        void *owner;
        bool open;
};

/* Makes a timer that does not run; cannot fail. The struct must stay until timer_close() has called `closed`
 * (may be NULL). */
void timer_init(struct timer *timer, uv_loop_t *loop, void (*expired)(void *owner), void *owner);

/* Starts the timer, or starts it anew: the loop calls `expired` once, in so many milliseconds. */
void timer_start(struct timer *timer, uint64_t msec);
void timer_stop(struct timer *timer);
bool timer_is_running(const struct timer *timer);

/* How long until the timer expires; 0 when it does not run. */
int64_t timer_left_msec(const struct timer *timer);

/* Closes the timer, unless it is closed. `closed`, on a later turn of the loop, may free the owner. */
void timer_close(struct timer *timer, void (*closed)(void *owner));

#endif
