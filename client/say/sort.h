/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_SORT_H
#define CLIENT_SAY_SORT_H

#include <stdbool.h>

struct json_object;

/* The orders in which the list may be sorted, other than attention first. Pure. */

#define SORT_KEYS "name, state, age, restarts, pid"

/* Whether a word is one of SORT_KEYS. */
bool sort_is_key(const char *word);

/* The order of the list itself: services that need attention first, then by state, then by name. */
#define SORT_ATTENTION "attention"

struct facts;
int sort_by_attention(const struct facts *left, const struct facts *right);

/* Returns the next of all orders, which include those by memory and processor; after the last comes the
 * first. */
const char *sort_next(const char *key);

/* Returns the same services in that order, as a new array; numbers are sorted from the largest down. NULL
 * when out of memory. */
struct json_object *sort_services(struct json_object *services, const char *key);

#endif
