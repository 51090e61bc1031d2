/* SPDX-License-Identifier: ISC */
#include "daemon/order/order_parts.h"

#include "daemon/service/turn.h"

/* The caller of an order: what is told to it, and when it takes that. */

bool order_is_heard(const struct order *order)
{
        const struct registry_events *events = &order->registry->events;

        return order->reader == READER_GONE || !events->takes || events->takes(events->owner, order->ticket);
}

/* Has an entry whose timeout is over reached its goal after all: in the same instant, or while the reader
 * took nothing? */
static bool has_come_about(const struct order_entry *entry, struct service *service,
                           const struct fault *fault)
{
        if (!fault || fault->kind != FAULT_WAIT_TIMEOUT || !service ||
            !service_has_come_to(service, entry->want_up ? GOAL_UP : GOAL_DOWN))
                return false;
        service_show(service);
        return true;
}

/* Tells an outcome now. The last one of an order that waits, for goals or for its reader, ends the order. */
static void order_tell_now(struct order_entry *entry, struct service *service, const struct fault *fault)
{
        struct order *order = entry->order;
        struct registry *registry = order->registry;
        struct outcome outcome = {
                .name = entry->name,
                .service = service,
                .fault = has_come_about(entry, service, fault) ? NULL : fault,
                .persisted = entry->persisted,
                .persist_problem = entry->persist_problem,
                .last = --order->open == 0,
        };

        registry->events.outcome(registry->events.owner, order->ticket, &outcome);
        if (outcome.last && (order->wait || order->phase == ORDER_WAITING))
                order->phase = ORDER_OVER;
}

void order_tell_end(struct order *order)
{
        const struct order_entry *entry = &order->entries[order->count - 1];
        struct registry *registry = order->registry;
        struct fault gone = {.kind = FAULT_NONE};
        struct outcome outcome = {.name = entry->name, .last = true};

        if (order->reader != READER_GONE || !order->open)
                return;
        order->open = 0;
        outcome.service = order_resolve(registry, entry->name, &gone);
        outcome.fault = gone.kind ? &gone : NULL;
        outcome.persisted = entry->persisted;
        outcome.persist_problem = entry->persist_problem;
        registry->events.outcome(registry->events.owner, order->ticket, &outcome);
}

void order_put_due(struct order_entry *entry)
{
        struct order *order = entry->order;

        entry->due_next = NULL;
        if (order->due_first)
                order->due_last->due_next = entry;
        else
                order->due_first = entry;
        order->due_last = entry;
}

void order_tell(struct order_entry *entry, struct service *service, const struct fault *fault)
{
        /* Outcomes are told in the order in which they came to be known. */
        if (!entry->order->due_first && order_is_heard(entry->order)) {
                order_tell_now(entry, service, fault);
                return;
        }
        if (fault && fault != &entry->fault)
                entry->fault = *fault;
        order_put_due(entry);
}

bool order_tell_due(struct order *order)
{
        struct order_entry *entry = order->due_first;
        struct fault gone = {.kind = FAULT_NONE};
        struct service *service;

        if (!entry || !order_is_heard(order))
                return false;
        order->due_first = entry->due_next;
        service = order_resolve(order->registry, entry->name, &gone);
        if (!service && !entry->fault.kind)
                entry->fault = gone;
        if (!service && (entry->fault.kind == FAULT_WAIT_TIMEOUT || entry->fault.kind == FAULT_FAILED ||
                         entry->fault.kind == FAULT_SUPERSEDED))
                entry->fault = gone; /* those faults show the service, which there must be */
        order_tell_now(entry, service, entry->fault.kind ? &entry->fault : NULL);
        return true;
}

/* Has an abandoned order no outcome left to tell? One that only waits has none; one that is not delivered yet
 * goes on. */
static bool order_is_at_its_end(const struct order *order)
{
        switch (order->phase) {
        case ORDER_LOOKING:
        case ORDER_RECORDING:
        case ORDER_WRITING:
        case ORDER_TELLING:
        case ORDER_DELIVERING:
                return false;
        case ORDER_WAITING:
        case ORDER_CATCHING_UP:
        case ORDER_EXPIRING:
        case ORDER_OVER:
                break;
        }
        return true;
}

static bool is_of(const struct order *order, struct ticket ticket)
{
        return order->ticket.peer == ticket.peer && order->ticket.call == ticket.call;
}

bool order_abandon(struct registry *registry, struct ticket ticket)
{
        bool ended = false;

        for (struct order *order = registry->orders; order; order = order->next) {
                if (!is_of(order, ticket))
                        continue;
                order->reader = READER_GONE;
                ended = order_is_at_its_end(order);
                if (ended || order->phase == ORDER_TELLING) /* it may wait for its reader */
                        ready_wake(&order->ready);
        }
        return ended;
}

void order_go_on(struct registry *registry, struct ticket ticket)
{
        for (struct order *order = registry->orders; order; order = order->next)
                if (is_of(order, ticket) && (order->phase == ORDER_TELLING || order->phase == ORDER_WAITING))
                        ready_wake(&order->ready);
}
