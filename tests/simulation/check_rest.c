/* SPDX-License-Identifier: ISC */
/* Where a service may stay, and what the model may have under way, for good. */
#include "wants.h"

#include "daemon/order/world.h"
#include "daemon/session/server.h"
#include "s6.h"

bool check_ignores_its_end(const struct service *service)
{
        return service->shown.state == STATE_STOPPING && service->shown.trouble == TROUBLE_NOT_ENDED;
}

bool check_is_forgotten(const struct service *service, bool log)
{
        return sim_settings->flavour != S6_2_11 && sim_settings->faults & FAULT_S6 &&
               !s6_look((unsigned)s6_find(service->name), log).supervisor;
}

static bool is_at_rest(const struct service *service)
{
        const struct record *record = &service->record;

        if (service->operation != OPERATION_NONE || service->waits || service->again.what ||
            service->asks == ASK_LOCK || service->queued || (record->unpersisted && !record_is_blind(record)))
                return false;
        switch (service->shown.state) {
        case STATE_DOWN:
        case STATE_FAILED:
        case STATE_HELD:
                return true;
        case STATE_UP: /* what was held back is released when it has run for long enough */
                return record->brake.hold == HOLD_NONE && !record->pending;
        case STATE_STOPPING:
                return check_ignores_its_end(service);
        case STATE_UNSUPERVISED: /* the broker mends what is its own */
                return !service->profile && check_is_forgotten(service, false);
        case STATE_STARTING:
        case STATE_FINISHING:
        case STATE_BACKOFF:
                break;
        }
        return false;
}

/* For who reads the trace: now and then. */
#define tell(...)                                                                                            \
        do {                                                                                                 \
                static int64_t told_usec;                                                                    \
                                                                                                             \
                if (sim_now_usec() - told_usec > 600000000)                                                  \
                        sim_trace("not at rest: " __VA_ARGS__);                                              \
                if (sim_now_usec() - told_usec > 600000000)                                                  \
                        told_usec = sim_now_usec();                                                          \
        } while (0)

static void tell_who(const struct service *service)
{
        tell("%s: state %d, hold %d, pending %d, operation %d, %s%s%s%s", service->name,
             (int)service->shown.state, (int)service->record.brake.hold, (int)service->record.pending,
             (int)service->operation, service->waits ? "waited for, " : "",
             service->again.what ? "to be tried again, " : "", service->queued ? "queued, " : "",
             service->record.unpersisted ? "unpersisted" : "");
}

bool check_is_at_rest(void)
{
        const struct registry *all = sim_server() ? sim_server()->registry : NULL;
        const void *open;

        if (!all)
                return false;
        open = all->orders ?: all->reconciles->running ?: all->reconciles->queue ?: (const void *)all->store.batches;
        if (all->owed.count || all->owed.unsaved) {
                tell("%zu records are to go", all->owed.count);
                return false;
        }
        if (open) {
                tell("%s", all->orders ? "an order" : all->store.batches ? "a batch" : "a reconcile");
                return false;
        }
        for (size_t i = 0; i < all->count; i++)
                if (!is_at_rest(all->services[i])) {
                        tell_who(all->services[i]);
                        return false;
                }
        return true;
}
