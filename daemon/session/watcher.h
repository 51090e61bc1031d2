/* SPDX-License-Identifier: ISC */
#ifndef SESSION_WATCHER_H
#define SESSION_WATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;
struct peer;
struct server;
struct service;
struct tombstone;
struct watcher;

/* What all readers of Watch share. */
struct watchers {
        struct watcher *first;
        bool woken;               /* every watcher has been woken, and none has had its turn since */
        struct tombstone *stones; /* removed services that some watcher has not been told of, by revision */
        size_t stone_count;
        /* The services that were ever shown, by revision: linked by service.older and service.newer. */
        struct service *oldest, *newest;
        uint64_t *index_used; /* bit set: service.index is taken */
        size_t index_words;
};

/*
 * Begins Watch, a stream of changes, on the peer's running call. Instead of a queue a watcher has a cursor
 * into the registry's revisions: a reader that has taken what was sent gets the newest state of each service
 * that changed since, oldest change first. names: an array of strings, which are copied, or NULL for all
 * services. Returns 0 or -ENOMEM; sends nothing before it returns.
 */
int watcher_new(struct peer *peer, struct json_object *names);

/* Notes that what is shown of a service has changed, and wakes the watchers. */
void watchers_on_changed(struct server *server, struct service *service);

/* Notes that a service is about to be removed, and wakes the watchers. Closes the slowest of them if more
 * removals wait than are kept. */
void watchers_on_gone(struct server *server, struct service *service);

/* To be called when no watcher is left. */
void watchers_deinit(struct watchers *watchers);

#endif
