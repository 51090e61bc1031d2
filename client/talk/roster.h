/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_ROSTER_H
#define CLIENT_TALK_ROSTER_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;

/* The roster: the services that Watch told of, each as it was last, sorted by name. `top` makes its list of
 * them. Pure. */

struct roster_entry {
        struct json_object *service;
        bool confirmed; /* the present connection told of it */
};

struct roster {
        struct roster_entry *entries;
        size_t count;
        size_t capacity;
};

void roster_init(struct roster *roster);
void roster_deinit(struct roster *roster);

/* Takes an event of Watch: present, changed or removed. Returns 0 or -ENOMEM. */
int roster_take(struct roster *roster, const char *event, struct json_object *service);

/* A new connection tells of every service that there is. Nothing says which is the last, so the services that
 * were known stay until roster_settle() drops those that were not told of again. roster_settle() returns true
 * if there were any. */
void roster_doubt(struct roster *roster);
bool roster_settle(struct roster *roster);

/* Returns the service of that name, as it was last, which stays the roster's; NULL: there is none. */
struct json_object *roster_find(const struct roster *roster, const char *name);

/* Returns all services as a new JSON array, sorted by name. NULL when out of memory. */
struct json_object *roster_array(const struct roster *roster);

/* Writes how many services are in which state, like "12 services: 1 failed, 11 up", first the states that
 * need a person. buffer: ROSTER_SUMMARY_BYTES. */
#define ROSTER_SUMMARY_BYTES 256
const char *roster_summary(const struct roster *roster, char *buffer);

#endif
