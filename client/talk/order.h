/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_ORDER_H
#define CLIENT_TALK_ORDER_H

#include <stdbool.h>

#include "client/talk/failure.h"

struct json_object;
struct session;

/* An order to one, several or all services, and how it is given and its outcome shown. */

struct order {
        const char *method;
        const char *word;   /* what people call the order */
        const char *signal; /* the signal to send, by the interface's name; NULL: none */
        const char *goal;   /* the state to wait for, unless --no-wait says otherwise; NULL: none */
        bool only_wanted;   /* --all means what is wanted up; that others were left alone is told */
        bool not_served;    /* --all does not mean what the default gateway serves */
};

/* Gives the order to the services that the options name, and shows each outcome as it comes. */
enum outcome order_run(struct session *session, const struct order *order);

/* Tells of one outcome in the reply to an order: an error is a line on stderr, and so is an order that could
 * not be recorded, which is OUTCOME_DONE all the same. word: what an error is about. */
enum outcome order_report(struct json_object *outcome, const char *word);

#endif
