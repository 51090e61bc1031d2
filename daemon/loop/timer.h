/* SPDX-License-Identifier: ISC */
#ifndef LOOP_TIMER_H
#define LOOP_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "daemon/log/clock.h"

/* One-shot timers on the loop, for who looks at the clock as well. */
struct timer {
        uv_timer_t handle;
        void (*expired)(void *owner);
        void *owner;
        bool open;
};

/* Cannot fail. The struct must stay until timer_close() has called `closed` (may be NULL). */
void timer_init(struct timer *timer, uv_loop_t *loop, void (*expired)(void *owner), void *owner);

/* (Re)starts it. */
void timer_start(struct timer *timer, uint64_t msec);
void timer_stop(struct timer *timer);
bool timer_is_running(const struct timer *timer);

/* How long until it expires; 0 when it does not run. */
int64_t timer_left_msec(const struct timer *timer);

/* The owner is freed by `closed`, on a later turn of the loop. */
void timer_close(struct timer *timer, void (*closed)(void *owner));

#endif
