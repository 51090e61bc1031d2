/* SPDX-License-Identifier: ISC */
#include "daemon/order/order_parts.h"

#include "daemon/service/turn.h"

/* An order that waits: for its goals, for its reader, and until its time is over. */

/* The time of the reader is over, while outcomes are told, or the time of the wait; or a shortage may be
 * over. */
void order_expired(void *owner)
{
        struct order *order = owner;

        switch (order->phase) {
        case ORDER_TELLING:
                if (order->reader == READER_LISTENS)
                        order->reader = READER_LATE;
                break;
        case ORDER_WAITING:
                /* Goals that were reached by now count: the timer may come before events of a long turn. */
                registry_catch_up(order->registry);
                order->phase = ORDER_CATCHING_UP;
                order->at = 0;
                break;
        case ORDER_RECORDING:
                break;
        case ORDER_LOOKING:
        case ORDER_WRITING:
        case ORDER_DELIVERING:
        case ORDER_CATCHING_UP:
        case ORDER_EXPIRING:
        case ORDER_OVER:
                return;
        }
        ready_wake(&order->ready);
}

bool order_wait_piece(struct order *order)
{
        struct wait *wait;

        while ((wait = waiter_take(&order->waiter))) {
                struct order_entry *entry = (struct order_entry *)wait;

                entry->fault = wait->fault;
                order_put_due(entry);
        }
        return order_tell_due(order);
}

bool order_catch_up_piece(struct order *order)
{
        struct service *service = order->entries[order->at++].wait.service;

        if (service)
                service_catch_up(service);
        if (order->at == order->count) {
                order->phase = ORDER_EXPIRING;
                order->at = 0;
        }
        return true;
}

bool order_expire_piece(struct order *order)
{
        struct order_entry *entry = &order->entries[order->at];
        struct fault fault = {.kind = FAULT_WAIT_TIMEOUT, .number = clock_msec() - order->began_msec};
        struct service *service = entry->wait.service;

        /* What was seen of the service is judged first: it has been once the order has queued behind it. */
        if (service && ready_is_waiting(&service->ready) && order->behind != order->at + 1) {
                order->behind = order->at + 1;
                if (order->root)
                        ready_wake_root(&service->ready);
                return true;
        }
        order->at++;
        if (service) {
                service_remove_wait(service, &entry->wait);
                wait_end(&entry->wait, &fault);
        }
        if (order->at == order->count)
                order->phase = ORDER_WAITING;
        return true; /* what is due is to be told */
}
