/* SPDX-License-Identifier: ISC */
#include "daemon/service/wait.h"

#include <stddef.h>

void waiter_init(struct waiter *waiter, struct ready *ready)
{
        *waiter = (struct waiter){.ready = ready};
        waiter->end = &waiter->ended;
}

struct wait *waiter_take(struct waiter *waiter)
{
        struct wait *wait = waiter->ended;

        if (!wait)
                return NULL;
        waiter->ended = wait->next;
        if (!waiter->ended)
                waiter->end = &waiter->ended;
        return wait;
}

void wait_end(struct wait *wait, const struct fault *fault)
{
        struct waiter *waiter = wait->waiter;

        wait->service = NULL;
        wait->next = NULL;
        wait->fault = fault ? *fault : (struct fault){.kind = FAULT_NONE};
        *waiter->end = wait;
        waiter->end = &wait->next;
        ready_wake(waiter->ready);
}

void wait_end_all(struct wait **waits, const struct fault *fault)
{
        while (*waits) {
                struct wait *wait = *waits;

                *waits = wait->next;
                wait_end(wait, fault);
        }
}
