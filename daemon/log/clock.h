/* SPDX-License-Identifier: ISC */
#ifndef LOG_CLOCK_H
#define LOG_CLOCK_H

#include <stdint.h>
#include <time.h>

/* The clocks of the daemon, in the lowest room that needs one. */

/* Milliseconds of CLOCK_MONOTONIC, which only go forward. */
int64_t clock_msec(void);

/* Microseconds since 1970-01-01 UTC. */
int64_t clock_utc_usec(void);

/* Nanoseconds of any of the kernel's clocks, such as one of how long a thread has used a processor. */
int64_t clock_nsec_of(clockid_t clock);

#endif
