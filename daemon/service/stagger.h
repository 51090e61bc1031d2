/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_STAGGER_H
#define SERVICE_STAGGER_H

#include <stdbool.h>

#include "daemon/loop/ready.h"

struct registry;
struct service;

/*
 * Starts that nobody waits for, as after a boot: only so many at once, so that fifty gateways do not begin in
 * one instant. A gateway that is up, has ended, or was ordered otherwise makes room for the next, `default`
 * before all others, then by name. The records of those that are queued say that an order is pending.
 */
struct stagger {
        unsigned at_once;
        bool waiting; /* some service is queued */
        struct ready ready;
};

/* Queues a gateway whose record is saved, and says that it is wanted and PENDING_ORDER. If it is being
 * registered, or nobody supervises it yet, it begins after that. */
void stagger_start(struct service *service);

/* Has the queue looked at: a start may have come to its end. */
void stagger_wake(struct registry *registry);

#endif
