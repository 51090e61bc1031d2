/* SPDX-License-Identifier: ISC */
#include "daemon/service/multiplex.h"

#include <stdio.h>
#include <string.h>

#include "daemon/log/log.h"
#include "daemon/service/registry.h"
#include "daemon/service/release.h"

_Static_assert(sizeof(MULTIPLEX_REASON) <= RECORD_REASON_BYTES, "the reason is recorded whole");

void multiplex_init(struct registry *registry, enum multiplex_from from)
{
        registry->multiplex_from = from;
        registry->multiplex = from == MULTIPLEX_IS_ON;
}

bool multiplex_asks_volume(const struct registry *registry)
{
        return registry->multiplex_from == MULTIPLEX_FROM_CONFIG;
}

bool multiplex_holds(const struct registry *registry, const char *profile)
{
        return registry->multiplex && strcmp(profile, "default") != 0;
}

void multiplex_hold(const struct registry *registry, const char *profile, struct record *record)
{
        if (!record->want_up || !multiplex_holds(registry, profile))
                return;
        record->brake.hold = HOLD_HELD;
        record->cause = CAUSE_SERVED;
        record->brake.next_start_usec = 0;
        snprintf(record->reason, sizeof(record->reason), "%s", MULTIPLEX_REASON);
}

void multiplex_take(struct registry *registry, enum multiplex_config config)
{
        bool on = config == MULTIPLEX_CONFIG_ON;
        bool all;

        if (!multiplex_asks_volume(registry) || config == MULTIPLEX_CONFIG_UNREADABLE)
                return;
        if (on != registry->multiplex)
                log_event("multiplex: config.yaml says so now: on=%d", on);
        /* The first time even if config.yaml says what was taken for granted: an earlier broker may have held
         * some. */
        all = on != registry->multiplex || !registry->multiplex_taken;
        registry->multiplex = on;
        registry->multiplex_taken = true;
        for (size_t i = 0; all && !on && i < registry->count; i++)
                if (registry->services[i]->profile)
                        release(registry->services[i], MULTIPLEX_REASON);
}
