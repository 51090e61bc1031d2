/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_SHOW_H
#define CLIENT_SAY_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "client/text/tint.h"

struct json_object;

/* Shows services as people read them; on stdout, where no other file is named. */

/* Returns the service's state as svcctl calls it; a state that this version does not know as the broker calls
 * it. NULL: the service has none. */
const char *show_state(struct json_object *service);

/* Returns how wide a column of names may be, whose longest name has `longest` columns: what stands beside it
 * must still be seen on a terminal. */
size_t show_name_columns(size_t longest);

/* Prints a line for each outcome without an error. order: what was ordered and not waited for, like "start",
 * "stop" or "restart"; else NULL. The names take name_columns; the beginning and the end of a longer name are
 * shown. */
void show_outcomes(struct json_object *outcomes, const char *order, size_t name_columns);

/* Returns the same of one outcome as a line of its own, without a newline: free() it. NULL when out of
 * memory. */
char *show_outcome_words(struct json_object *outcome, const char *order, enum printable printable);

/* Prints a line for an event of Watch. */
void show_event(const char *event, struct json_object *service, bool colour);

#endif
