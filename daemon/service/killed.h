/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_KILLED_H
#define SERVICE_KILLED_H

#include <stdbool.h>

struct service;

/*
 * Whether the kernel killed processes of the container for want of memory (edge/oom.h) while a run lasted:
 * the kernel's count when the run began is compared with the count when it ended. Which processes were
 * killed, the kernel does not say.
 */

/* Takes the count for a run that was seen to begin. late: the run has begun and ended since the count was
 * last read, and that last count is taken. */
void killed_begin(struct service *service, bool late);

/* Compares the counts when the run has ended, and notes kills in the record if nobody ordered the end. */
void killed_end(struct service *service);

#endif
