#ifndef CLIENT_SHOW_H
#define CLIENT_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "client/table.h"

struct json_object;

/* Services as people read them; on stdout, where there is no other file. */

/* One line for the result of each order: outcomes without an error. order: what was ordered and not waited
 * for, "start", "stop" or "restart"; else NULL. */
/* Its state as svcctl calls it; one that this version does not know, as the broker does. NULL: none. */
const char *show_state(struct json_object *service);

void show_outcomes(struct json_object *outcomes, const char *order, bool colour);

/* One line for an event of Watch. */
void show_event(const char *event, struct json_object *service, bool colour);

#endif
