/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_STAGGER_H
#define SERVICE_STAGGER_H

#include <stdbool.h>

#include "daemon/loop/ready.h"

struct registry;
struct service;

/*
 * Starts that nobody waits for, as after a boot: only so many at once, so that fifty gateways do not begin in
 * one instant. One that is up, has ended, or was ordered otherwise makes room for the next, `default` before
 * all others, then by name. Meanwhile their records say that an order is pending.
 */
struct stagger {
        unsigned at_once;
        bool waiting; /* somebody is queued */
        struct ready ready;
};

/* Its record is saved, says that it is wanted, and PENDING_ORDER. One that is being registered, or that nobody
 * supervises yet, begins after that. */
void stagger_start(struct service *service);

/* A start may have come to its end. */
void stagger_wake(struct registry *registry);

#endif
