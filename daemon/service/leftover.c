/* SPDX-License-Identifier: ISC */
#include "daemon/service/leftover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/edge/groups.h"
#include "daemon/judge/shortage.h"
#include "daemon/log/log.h"
#include "daemon/service/registry.h"

struct parting {
        struct deputy_job job;
        struct registry *registry;
        struct groups groups;
        int result;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
};

static void parting_work(struct deputy_job *job)
{
        struct parting *parting = (struct parting *)job;

        parting->result = groups_end(&parting->groups);
}

/* Looks again later: nothing was noted that another look would not find. */
static void try_again(struct service *service, int result)
{
        service->leftover = LEFTOVER_UNKNOWN;
        again_note(&service->again, AGAIN_LOOK, result, service->name);
}

static void parting_done(struct deputy_job *job, bool late)
{
        struct parting *parting = (struct parting *)job;
        struct service *service =
                parting->registry->stopping ? NULL : registry_find(parting->registry, parting->name);

        if (!service || service->leftover != LEFTOVER_IS_ENDED)
                return;
        service->leftover = LEFTOVER_NONE;
        if (!late && shortage_is_why(parting->result)) {
                try_again(service, parting->result);
                service_wake(service);
        } else if (parting->result > 0) {
                log_event("service: what was left running is told to end: processes=%d service=%s",
                          parting->result, service->name);
        }
}

static void parting_drop(struct deputy_job *job)
{
        free(job);
}

static void end_it(struct service *service)
{
        struct registry *registry = service->registry;
        struct parting *parting = calloc(1, sizeof(*parting));
        int count = !parting ? -ENOMEM
                             : groups_read(registry->slots.fd, service->name, registry->deputy.crew.uid,
                                           &parting->groups);

        service->leftover = LEFTOVER_NONE;
        if (count < 0)
                try_again(service, count);
        if (count <= 0) {
                free(parting);
                return;
        }
        service->leftover = LEFTOVER_IS_ENDED;
        parting->job = (struct deputy_job){.work = parting_work,
                                           .done = parting_done,
                                           .drop = parting_drop,
                                           .lane = PROCESS_LANE_SWEEPS};
        parting->registry = registry;
        snprintf(parting->name, sizeof(parting->name), "%s", service->name);
        deputy_run(&registry->deputy, &parting->job);
}

void leftover_follow(struct service *service)
{
        const struct run *own = &service->own;
        const struct record *record = &service->record;

        if (service->leftover != LEFTOVER_UNKNOWN || !own->supervised)
                return;
        if (own->status.pid) { /* a run ends what was left before all else; a finish script comes after one */
                service->leftover = LEFTOVER_NONE;
                return;
        }
        if (own->status.want_up || own->told_up || own->goal.kind == GOAL_UP || record->want_up ||
            record_is_blind_to_want(record))
                return; /* a run may come */
        end_it(service);
}
