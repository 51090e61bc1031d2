/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_SORT_H
#define CLIENT_SAY_SORT_H

#include <stdbool.h>

struct json_object;

/* Other orders of the list than what needs attention first. Pure. */

#define SORT_KEYS "name, state, age, restarts, pid"

bool sort_is_key(const char *word);

/* The order of the list itself: what needs attention first, then by state, then by name. */
#define SORT_ATTENTION "attention"

struct facts;
int sort_by_attention(const struct facts *left, const struct facts *right);

/* The next of all orders there are, those of what they take among them, behind the last the first. */
const char *sort_next(const char *key);

/* The same services in that order, as a new array; of numbers the largest first. NULL when out of memory. */
struct json_object *sort_services(struct json_object *services, const char *key);

#endif
