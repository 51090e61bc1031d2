/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_SORT_H
#define CLIENT_SAY_SORT_H

#include <stdbool.h>

struct json_object;

/* Other orders of the list than what needs attention first. Pure. */

#define SORT_KEYS "name, state, age, restarts, pid"

bool sort_is_key(const char *word);

/* The same services in that order, as a new array; of age, restarts and pid the largest first. NULL when out of memory. */
struct json_object *sort_services(struct json_object *services, const char *key);

#endif
