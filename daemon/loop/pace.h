/* SPDX-License-Identifier: ISC */
#ifndef LOOP_PACE_H
#define LOOP_PACE_H

#include <stdint.h>

#include <uv.h>

/*
 * How fast the loop turns: how long each turn keeps everybody else waiting, as time passes (not processor
 * time), without the time that the loop waited for something to do.
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
 * Says that the loop has been woken. Each callback of a polled descriptor calls this first: libuv can tell
 * how long it waited (UV_METRICS_IDLE_TIME), but asks the kernel twice each time for that.
 */
void pace_woken(void);

#endif
