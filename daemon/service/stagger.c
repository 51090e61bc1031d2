/* SPDX-License-Identifier: ISC */
#include "daemon/service/stagger.h"

#include "daemon/bounds.h"
#include "daemon/service/registry.h"

void stagger_start(struct service *service)
{
        service->queued = QUEUED_FOR_START;
        service->registry->stagger.waiting = true;
        stagger_wake(service->registry);
}

void stagger_wake(struct registry *registry)
{
        if (registry->stagger.waiting)
                ready_wake(&registry->stagger.ready);
}
