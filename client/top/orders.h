/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TOP_ORDERS_H
#define CLIENT_TOP_ORDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "client/talk/errand.h"
#include "client/top/messages.h"
#include "client/top/view.h"

/* Orders that were given with a key, each to one service, and are under way. */

/* Each order has a connection of its own, of which a user may not have many. */
#define ORDERS_MOST 16

struct key_order {
        char key;
        const char *word; /* what people call the order, and svcctl's verb */
        const char *method;
        const char *goal;   /* the state to wait for; NULL: none */
        const char *signal; /* the signal to send; NULL: none */
};

struct given {
        struct errand errand;
        const struct key_order *order;
        char name[VIEW_NAME_BYTES];
};

struct orders {
        struct given given[ORDERS_MOST];
        size_t count;
};

/* Returns the order that a key gives. NULL: the key gives none. */
const struct key_order *orders_by_key(char key);

/* Gives an order to a service, or answers why not. Never waits. */
void orders_give(struct orders *orders, const struct options *options, const struct key_order *order,
                 const char *name, struct messages *messages);

/* Tells what became of the orders that are done. */
void orders_turn(struct orders *orders, struct messages *messages);

/* Ends the waiting for all orders, which stand. */
void orders_deinit(struct orders *orders);

#endif
