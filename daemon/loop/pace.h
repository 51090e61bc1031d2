/* SPDX-License-Identifier: ISC */
#ifndef LOOP_PACE_H
#define LOOP_PACE_H

#include <stdint.h>

#include <uv.h>

/*
 * How fast the loop turns: how long each turn keeps everybody else waiting, by the clock on the wall, without the time that
 * it waited for something to do.
 */
struct pace {
        uv_prepare_t turn;
        uv_check_t woken;
        uint64_t turns;
        uint64_t busy_nsec;
        uint64_t longest_nsec;
};

void pace_open(struct pace *pace, uv_loop_t *loop);
void pace_close(struct pace *pace);

/*
 * Whatever polls a descriptor says so first: libuv tells how long it waited (UV_METRICS_IDLE_TIME), but asks the kernel twice
 * for that each time.
 */
void pace_woken(void);

#endif
