/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_WAIT_H
#define SERVICE_WAIT_H

#include "daemon/judge/fault.h"
#include "daemon/loop/ready.h"

struct service;

/*
 * Somebody waits for what becomes of a service's goal. When that is known, it is noted in the wait, which
 * moves from the service's list to the waiter's, and the waiter is woken.
 */
struct wait {
        struct wait *next;
        struct waiter *waiter;
        struct service *service; /* whose list it is on; NULL: it has ended, or has not begun */
        struct fault fault;      /* why the goal did not come about; FAULT_NONE: it did */
};

/* The owner of waits, of however many services. */
struct waiter {
        struct ready *ready;
        struct wait *ended; /* waits that have ended and were not taken, the first to end first */
        struct wait **end;
};

void waiter_init(struct waiter *waiter, struct ready *ready);

/* Takes the next wait that has ended; NULL: there is none now. */
struct wait *waiter_take(struct waiter *waiter);

/* Ends a wait that is on no list, and wakes its waiter. fault NULL: the goal came about. */
void wait_end(struct wait *wait, const struct fault *fault);

/* Ends all waits of a list, which is empty then. */
void wait_end_all(struct wait **waits, const struct fault *fault);

#endif
