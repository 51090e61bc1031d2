/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_SHOW_H
#define CLIENT_SAY_SHOW_H

#include <stddef.h>
#include <stdio.h>

#include "client/text/tint.h"

struct json_object;
struct look;
struct table;

/* Shows services as people read them; on stdout, where no other file is named. */

/* Returns the service's state as svcctl calls it; a state that this version does not know as the broker calls
 * it. NULL: the service has none. */
const char *show_state(struct json_object *service);

/* Fits a table's first column, of names, of which the longest has `longest` columns: what stands beside it must
 * still be seen on a terminal, so longer names are cut there, and all are without their prefix then. */
void show_fit_names(struct table *table, size_t longest, const struct look *look);

/* Prints a line for each outcome without an error. order: what was ordered and not waited for, like "start",
 * "stop" or "restart"; else NULL. longest: how many columns the longest name takes, of these outcomes and of those
 * that are printed before and after. */
void show_outcomes(struct json_object *outcomes, const char *order, size_t longest);

/* Returns the same of one outcome as a line of its own, without a newline: free() it. NULL when out of
 * memory. */
char *show_outcome_words(struct json_object *outcome, const char *order, enum printable printable);

/* Prints a line for an event of Watch. */
void show_event(const char *event, struct json_object *service);

#endif
