/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_STEP_H
#define JUDGE_STEP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/judge/trouble.h"

/*
 * How long a run is on its step, and how long its process does nothing. Pure: the clock is told. now_msec is of the
 * clock that only goes forward, now_usec UTC.
 */

/* The step that a run is on, since when, and until when. As long as it is the same step of the same process,
 * more orders of the same kind give it no more time. */
struct step_watch {
        bool known; /* a step was seen before: what begins now begins now, and not when s6 says */
        enum step kind;
        pid_t pid;
        int64_t since_usec; /* UTC, to be told; 0: on none */
        int64_t until_msec; /* by the clock that only goes forward: what is judged by */
};

/* A look at the process of a run, which nothing tells of when it is stopped: taken when somebody asks, and
 * again as long as something is wrong. */
struct halt_watch {
        pid_t pid;
        enum halt kind;     /* as it was last seen */
        int64_t since_msec; /* by the clock that only goes forward */
};

/* age_msec: of a step that was not seen to begin, as far as anything says. */
void step_begin(struct step_watch *step, enum step kind, pid_t pid, const struct patience *patience,
                int64_t age_msec, int64_t now_msec, int64_t now_usec);
bool step_is_late(const struct step_watch *step, int64_t now_msec);

void halt_see(struct halt_watch *halt, enum halt kind, pid_t pid, int64_t now_msec);

/* What has lasted, of the run with that pid. paused: s6-supervise says so, which needs not last. */
enum halt halt_of(const struct halt_watch *halt, pid_t pid, bool paused, int64_t now_msec);

/* In how many milliseconds something of this may be told otherwise; INT64_MAX: only when something is seen. */
int64_t step_wait_msec(const struct step_watch *step, const struct halt_watch *halt, int64_t now_msec);

/* The lesser, of two waits. */
int64_t wait_sooner(int64_t left_msec, int64_t right_msec);

#endif
