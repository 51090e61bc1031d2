/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_KILLED_H
#define SERVICE_KILLED_H

#include <stdbool.h>

struct service;

/*
 * Whether the kernel killed processes of the container for want of memory (edge/oom.h) while a run of it
 * lasted: how many it counted when that began, and when it ended. Which ones they were it does not say.
 */

/* A run of it is there. late: it may have begun, and ended, since the kernel's count was last looked at. */
void killed_begin(struct service *service, bool late);

/* It has ended; of an end that nobody asked for, the record is told. */
void killed_end(struct service *service);

#endif
