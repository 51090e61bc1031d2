/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_BACKOFF_H
#define JUDGE_BACKOFF_H

#include <stdint.h>

/*
 * The soft brake: how long a gateway that went down against the record waits before it is tried again. Pure
 * arithmetic. Each attempt doubles the delay; a run that was healthy for long enough starts over.
 */
struct backoff {
        int64_t first_msec;   /* delay of the first attempt; 2000 by default */
        int64_t most_msec;    /* the longest delay; 300000 by default; at most INT64_MAX / 2 */
        int64_t healthy_msec; /* a run at least this long forgets the attempts before it; 600000 by default */
        int64_t elsewhere_msec; /* between looks at a gateway that runs elsewhere; 2000 by default */
};

#define BACKOFF_DEFAULT                                                                                      \
        ((struct backoff){                                                                                   \
                .first_msec = 2000, .most_msec = 300000, .healthy_msec = 600000, .elsewhere_msec = 2000})

/* The number (from 1) of the attempt that follows a run of ran_msec. attempt: the number of the attempt
 * before (0: there was none). */
unsigned backoff_attempt(const struct backoff *policy, unsigned attempt, int64_t ran_msec);

/* How long attempt number `attempt` (from 1) waits. */
int64_t backoff_delay_msec(const struct backoff *policy, unsigned attempt);

#endif
