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
        uint64_t turns;
        uint64_t busy_nsec;
        uint64_t longest_nsec;
        uint64_t seen_nsec; /* when the last turn ended, */
        uint64_t idle_nsec; /* and how long the loop had waited until then */
};

void pace_open(struct pace *pace, uv_loop_t *loop);
void pace_close(struct pace *pace);

#endif
