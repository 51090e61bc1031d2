/* SPDX-License-Identifier: ISC */
#include "daemon/slot/registration.h"

#include <stdlib.h>

/* Who waits for a slot to be made, and is told. */

void registration_free(void *owner)
{
        struct registration *registration = owner;

        while (registration->waiters) {
                struct registration_waiter *waiter = registration->waiters;

                registration->waiters = waiter->next;
                free(waiter);
        }
        free(registration);
}

void registration_answer(struct registry *registry, struct registration_waiter *waiter, const char *profile,
                         struct service *service, const struct fault *fault, int persist_error)
{
        const struct registered registered = {waiter->created, waiter->changed, persist_error};

        waiter->ended = true;
        if (waiter->at_once) {
                *waiter->at_once = fault ? *fault : (struct fault){.kind = FAULT_NONE};
        } else if (waiter->own) {
                waiter->own->ended(waiter->own, service, fault);
        } else {
                if (service) /* as the service is now, not as its last step left it */
                        service_show(service);
                registry->events.registered(registry->events.owner, waiter->ticket, profile, service, fault,
                                            &registered);
        }
}

void registration_refuse(struct registry *registry, struct registration_waiter *waiter, const char *profile,
                         struct fault fault)
{
        registration_answer(registry, waiter, profile, NULL, &fault, 0);
}

bool registration_add_waiter(struct service *service, const struct registration_waiter *wanted)
{
        struct registration_waiter *waiter = malloc(sizeof(*waiter));

        if (!waiter)
                return false;
        *waiter = *wanted;
        waiter->at_once = NULL;
        waiter->next = service->registration->waiters;
        service->registration->waiters = waiter;
        return true;
}

bool registration_is_own(const struct registration *registration)
{
        for (const struct registration_waiter *waiter = registration->waiters; waiter; waiter = waiter->next)
                if (!waiter->own)
                        return false;
        return true;
}
