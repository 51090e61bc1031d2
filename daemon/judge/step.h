/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_STEP_H
#define JUDGE_STEP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/judge/trouble.h"

/*
 * How long a run has been on its step, and for how long its process has done nothing. Pure: callers pass the
 * time, now_msec by the clock that only goes forward, now_usec UTC.
 */

/* The step that a run is on, since when, and until when. As long as it is the same step of the same process,
 * more orders of the same kind give it no more time. */
struct step_watch {
        bool known; /* a step was seen before: a step that is new now begins now, and not when s6 says */
        enum step kind;
        pid_t pid;
        int64_t since_usec; /* UTC, to be shown; 0: the run is on no step */
        int64_t until_msec; /* by the clock that only goes forward: when the step is late */
};

/* What looks at the process of a run have found. Nothing tells of a process that is stopped, so it is looked
 * at when somebody asks, and again as long as something is wrong. */
struct halt_watch {
        pid_t pid;
        enum halt kind;     /* as the last look found it */
        int64_t since_msec; /* by the clock that only goes forward */
};

/* Follows the step; nothing changes while kind and pid are the same. age_msec: how long a step has lasted
 * that was not seen to begin, as far as anything says. */
void step_begin(struct step_watch *step, enum step kind, pid_t pid, const struct patience *patience,
                int64_t age_msec, int64_t now_msec, int64_t now_usec);
bool step_is_late(const struct step_watch *step, int64_t now_msec);

void halt_see(struct halt_watch *halt, enum halt kind, pid_t pid, int64_t now_msec);

/* The halt of the run with that pid, once it has lasted for HALT_MSEC. paused: s6-supervise says that the run
 * is paused, which need not have lasted. */
enum halt halt_of(const struct halt_watch *halt, pid_t pid, bool paused, int64_t now_msec);

/* In how many milliseconds the step may be late, or the halt is to be seen again; INT64_MAX: only when
 * something is seen. */
int64_t step_wait_msec(const struct step_watch *step, const struct halt_watch *halt, int64_t now_msec);

/* The shorter of two waits. */
int64_t wait_sooner(int64_t left_msec, int64_t right_msec);

#endif
