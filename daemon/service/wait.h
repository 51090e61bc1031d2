/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_WAIT_H
#define SERVICE_WAIT_H

#include "daemon/judge/fault.h"
#include "daemon/loop/ready.h"

struct service;

/*
 * Somebody waits for what becomes of a service's goal. How it ended is noted in the wait, which goes over from the
 * service's list to the waiter's, and the waiter is woken.
 */
struct wait {
        struct wait *next;
        struct waiter *waiter;
        struct service *service; /* whose list it is on; NULL: it has ended, or has not begun */
        struct fault fault;      /* why it did not come about; FAULT_NONE: it did */
};

/* Who waits, for however many. */
struct waiter {
        struct ready *ready;
        struct wait *ended; /* in the order in which they did */
        struct wait **end;
};

void waiter_init(struct waiter *waiter, struct ready *ready);

/* The next one that has ended; NULL: there is none now. */
struct wait *waiter_take(struct waiter *waiter);

/* It has ended. It must be on no list. fault NULL: as wanted. */
void wait_end(struct wait *wait, const struct fault *fault);

/* All of that list, which is empty then. */
void wait_end_all(struct wait **waits, const struct fault *fault);

#endif
