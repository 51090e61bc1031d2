/* SPDX-License-Identifier: ISC */
#ifndef LOG_CLOCK_H
#define LOG_CLOCK_H

#include <stdint.h>
#include <time.h>

/* The clocks of the daemon, in the lowest room that needs one. */

/* Milliseconds that only go forward. */
int64_t clock_msec(void);

/* Microseconds since 1970-01-01 UTC. */
int64_t clock_utc_usec(void);

/* Nanoseconds of any clock of the kernel's: of how long a thread has used a processor, say. */
int64_t clock_nsec_of(clockid_t clock);

#endif
