/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_OBSTACLE_H
#define SERVICE_OBSTACLE_H

#include <stdint.h>

struct service;

/* Who does not read what was ordered: an s6-supervise that was stopped, or that hangs, leaves it in its FIFO. */

/* Looks at the FIFOs of its runs, and notes whether orders lie there for too long. */
void obstacle_follow(struct service *service);

/* What was noted, for people: a static string; NULL: nothing. */
const char *obstacle_of(const struct service *service);

/* In how many milliseconds that may be different; INT64_MAX: only when something is seen or ordered. */
int64_t obstacle_wait_msec(const struct service *service);

/* For whoever waits for a removal: the same, not only after a while, or its finish script. */
const char *obstacle_now(const struct service *service);

#endif
