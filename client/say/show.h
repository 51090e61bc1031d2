/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_SHOW_H
#define CLIENT_SAY_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "client/text/tint.h"

struct json_object;

/* Services as people read them; on stdout, where there is no other file. */

/* Its state as svcctl calls it; one that this version does not know, as the broker does. NULL: none. */
const char *show_state(struct json_object *service);

/* Returns how wide a column of names is whose longest has so many: what is beside it is to be seen on a
 * terminal. */
size_t show_name_columns(size_t longest);

/* One line for the result of each order: outcomes without an error. order: what was ordered and not waited
 * for, "start", "stop" or "restart"; else NULL. The names take name_columns; of a longer one begin and end
 * are shown. */
void show_outcomes(struct json_object *outcomes, const char *order, size_t name_columns);

/* The same of one outcome as a line of its own, without a newline: free() it. NULL when out of memory. */
char *show_outcome_words(struct json_object *outcome, const char *order, enum printable printable);

/* One line for an event of Watch. */
void show_event(const char *event, struct json_object *service, bool colour);

#endif
