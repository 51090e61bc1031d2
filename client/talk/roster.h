/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_ROSTER_H
#define CLIENT_TALK_ROSTER_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;

/* The roster: the services that Watch told of, as they were last, by name; what `top` makes its list of. Pure. */

struct roster_entry {
        struct json_object *service;
        bool confirmed; /* told of on the connection that there is now */
};

struct roster {
        struct roster_entry *entries;
        size_t count;
        size_t capacity;
};

void roster_init(struct roster *roster);
void roster_deinit(struct roster *roster);

/* An event of Watch: present, changed or removed. 0, or -ENOMEM. */
int roster_take(struct roster *roster, const char *event, struct json_object *service);

/* A new connection tells of every service that there is. Nothing says which is the last of them, so those
 * that were known stay until roster_settle(), which drops what was not told of again. true: some were. */
void roster_doubt(struct roster *roster);
bool roster_settle(struct roster *roster);

/* The service of that name, as it was last; NULL: there is none. */
struct json_object *roster_find(const struct roster *roster, const char *name);

/* Returns all services as a new JSON array, sorted by name. NULL when out of memory. */
struct json_object *roster_array(const struct roster *roster);

/* "12 services: 1 failed, 11 up": what needs a person first. */
#define ROSTER_SUMMARY_BYTES 256
const char *roster_summary(const struct roster *roster, char *buffer);

#endif
