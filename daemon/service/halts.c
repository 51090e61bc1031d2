/* SPDX-License-Identifier: ISC */
#include "daemon/service/halts.h"

#include "daemon/bounds.h"
#include "daemon/service/registry.h"
#include "daemon/service/turn.h"

static void look(struct service *service)
{
        struct run *own = &service->own, *logger = &service->logger;
        bool halted = own->halt.kind != HALT_NONE || logger->halt.kind != HALT_NONE;

        if (service->registry->stopping || !own->supervised || service->operation != OPERATION_NONE)
                return;
        run_see_halt(own);
        if (logger->there && logger->supervised)
                run_see_halt(logger);
        if (halted || own->halt.kind != HALT_NONE || logger->halt.kind != HALT_NONE)
                service_follow_time(service);
}

void halts_look(struct service *service)
{
        int64_t now_msec = clock_msec();

        if (service->halts_looked_msec && now_msec - service->halts_looked_msec < HALT_LOOK_ONE_MSEC)
                return;
        service->halts_looked_msec = now_msec;
        look(service);
}

static void halts_turn(void *owner)
{
        struct registry *registry = owner;
        struct halt_round *round = &registry->halts;
        size_t until = round->next + HALT_SERVICES;

        for (; round->next < registry->count && round->next < until; round->next++)
                look(registry->services[round->next]);
        if (round->next < registry->count && !registry->stopping)
                timer_start(&round->turn, POLL_SLICE_MSEC);
}

void halts_init(struct registry *registry)
{
        timer_init(&registry->halts.turn, registry->loop, halts_turn, registry);
}

void halts_look_at_all(struct registry *registry)
{
        struct halt_round *round = &registry->halts;
        int64_t now_msec = clock_msec();

        if (timer_is_running(&round->turn) ||
            (round->begun_msec && now_msec - round->begun_msec < HALT_LOOK_MSEC))
                return;
        round->begun_msec = now_msec;
        round->next = 0;
        halts_turn(registry);
}
