/* SPDX-License-Identifier: ISC */
#include "daemon/bounds.h"
#include "daemon/order/order_parts.h"
#include "proto/name.h"

/* Does a second order of that kind only repeat the first? Not a restart or a signal: each is carried out in
 * any case. */
static bool order_repeats(enum order_kind kind)
{
        return kind != ORDER_RESTART && kind != ORDER_SIGNAL;
}

bool order_is_carried_out(const struct service *service, enum order_kind kind, bool root)
{
        const struct record *record = &service->record;
        const struct s6_status *status = &service->own.status;

        if (!service->profile || !order_repeats(kind) || service->ordered.kind != (int)kind ||
            service->ordered.root != root || service->own.goal.kind != GOAL_NONE ||
            clock_msec() - service->ordered.msec >= ORDER_REPEATED_MSEC)
                return false;
        if (record->brake.attempt || record->brake.restarts || record->logger_brake.attempt ||
            record->logger_brake.restarts ||
            (service->logger.there && !service->logger.idle && !run_is_alive(&service->logger)))
                return false;
        if (kind == ORDER_RESET)
                return true;
        return record->want_up == (kind == ORDER_START) && status->want_up == record->want_up &&
               record->brake.hold == HOLD_NONE && !record->pending && !record->unpersisted &&
               !record_is_blind_to_want(record) &&
               service_state(service) == (kind == ORDER_START ? STATE_UP : STATE_DOWN);
}

size_t order_weigh_service(const struct service *service, enum order_kind kind)
{
        return !order_is_carried_out(service, kind, false);
}

size_t order_weigh(const struct registry *registry, enum order_kind kind, const char *name)
{
        const struct service *service = registry_find(registry, name);

        if (service)
                return order_weigh_service(service, kind);
        /* A start looks for the profile on the volume. */
        return kind == ORDER_START && name_profile_of(name);
}
