/* SPDX-License-Identifier: ISC */
#include "daemon/service/starts.h"

#include <stddef.h>
#include <string.h>

#include "daemon/service/registry.h"

static bool is_starting(const struct service *service)
{
        return service->profile && service->own.goal.kind == GOAL_UP;
}

static struct service *starts_next(const struct registry *registry)
{
        struct service *next = NULL;

        for (size_t i = 0; i < registry->count; i++) {
                struct service *service = registry->services[i];

                if (!service->queued || service->operation != OPERATION_NONE || !service->own.supervised)
                        continue; /* its turn comes with its supervisor, and others start meanwhile */
                if (strcmp(service->profile, "default") == 0)
                        return service;
                next = next ?: service;
        }
        return next;
}

static bool starts_step(struct ready *ready)
{
        struct registry *registry = (struct registry *)((char *)ready - offsetof(struct registry, stagger) -
                                                        offsetof(struct stagger, ready));
        unsigned starting = 0;
        struct service *next;

        registry->stagger.waiting = false;
        for (size_t i = 0; i < registry->count; i++)
                starting += is_starting(registry->services[i]);
        while (starting < registry->stagger.at_once && (next = starts_next(registry))) {
                next->queued = QUEUED_FOR_NOTHING;
                if (!next->record.pending || !next->record.want_up)
                        continue; /* a later order has overtaken this start */
                service_set_down(next, false);
                service_set_goal(next, GOAL_UP, 0);
                next->starter = STARTER_BOOT;
                service_wake(next);
                starting += is_starting(next);
        }
        for (size_t i = 0; i < registry->count; i++)
                registry->stagger.waiting = registry->stagger.waiting || registry->services[i]->queued;
        return false;
}

void starts_init(struct registry *registry)
{
        ready_init(&registry->stagger.ready, &registry->ready, starts_step);
}
