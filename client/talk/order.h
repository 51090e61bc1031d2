/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_ORDER_H
#define CLIENT_TALK_ORDER_H

#include <stdbool.h>

#include "client/talk/failure.h"

struct session;

/* An order to one, several or all services, and what becomes of it. */

struct order {
        const char *method;
        const char *word;   /* what people call it */
        const char *signal; /* that is sent, by the interface's name; NULL: none is */
        const char *goal;   /* what is waited for, unless --no-wait says otherwise; NULL: nothing is */
        bool only_wanted;   /* --all means what is wanted up; that others were left alone is told */
        bool not_served;    /* --all does not mean what the default gateway serves */
};

/* Gives it to the services that the options name, and shows each result as it comes. */
enum outcome order_run(struct session *session, const struct order *order);

#endif
