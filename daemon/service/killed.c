/* SPDX-License-Identifier: ISC */
#include "daemon/service/killed.h"

#include "daemon/edge/oom.h"
#include "daemon/service/registry.h"

void killed_begin(struct service *service, bool late)
{
        struct registry *registry = service->registry;
        struct oom now = {.kills = -1};

        if (oom_read(&now))
                now.kills = -1;
        service->oom_kills = late && registry->oom_since_usec ? registry->oom_kills : now.kills;
        service->oom_since_usec =
                late && registry->oom_since_usec ? registry->oom_since_usec : clock_utc_usec();
        registry->oom_kills = now.kills;
        registry->oom_since_usec = clock_utc_usec();
}

void killed_end(struct service *service)
{
        struct record *record = &service->record;
        struct oom now;

        record->oom_kills = record->oom_since_usec = 0;
        if (service->own.end == RUN_END_ORDERED || service->oom_kills < 0 || oom_read(&now) ||
            now.kills <= service->oom_kills)
                return;
        record->oom_kills = (unsigned)(now.kills - service->oom_kills);
        record->oom_since_usec = service->oom_since_usec;
}
