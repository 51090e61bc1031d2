/* SPDX-License-Identifier: ISC */
#include "daemon/service/release.h"

#include <string.h>

#include "daemon/service/multiplex.h"
#include "daemon/service/registry.h"

bool release_is_held(const struct record *record, const char *reason)
{
        return record->brake.hold == HOLD_HELD &&
               (strcmp(record->reason, reason) == 0 ||
                (record->cause == CAUSE_SERVED && strcmp(reason, MULTIPLEX_REASON) == 0));
}

void release(struct service *service, const char *reason)
{
        struct record *record = &service->record;

        if (!release_is_held(record, reason))
                return;
        record->brake.hold = HOLD_NONE;
        record->cause = CAUSE_NONE;
        record->reason[0] = '\0';
        record->pending = record->want_up ? PENDING_ORDER : PENDING_NOTHING;
        service_save(service);
        if (record->want_up)
                stagger_start(service);
}
