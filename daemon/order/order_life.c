/* SPDX-License-Identifier: ISC */
#include "daemon/order/order_parts.h"

#include <stdlib.h>
#include <string.h>

/* An order is made of its request, and let go. */

struct order *order_new(const struct order_request *request)
{
        size_t bytes = sizeof(struct order) + request->count * sizeof(struct order_entry);
        struct order *order;
        char *name;

        for (size_t i = 0; i < request->count; i++)
                bytes += strlen(request->names[i]) + 1;
        order = calloc(1, bytes);
        if (!order)
                return NULL;
        name = (char *)&order->entries[request->count];
        for (size_t i = 0; i < request->count; i++) {
                order->entries[i].order = order;
                order->entries[i].name = name;
                name = stpcpy(name, request->names[i]) + 1;
        }
        return order;
}

void order_close(struct order *order)
{
        for (struct order **at = &order->registry->orders; *at; at = &(*at)->next)
                if (*at == order) {
                        *at = order->next;
                        break;
                }
        for (size_t i = 0; i < order->count; i++)
                if (order->entries[i].wait.service)
                        service_remove_wait(order->entries[i].wait.service, &order->entries[i].wait);
        order->registry->names_under_way -= order->charged;
        ready_remove(&order->ready);
        timer_close(&order->timer, free);
}
