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
        bool woken;               /* each of them has its turn; those who have had it may need another */
        struct tombstone *stones; /* removed services that some have not been told of, by revision */
        size_t stone_count;
        struct service *oldest,
                *newest;      /* those that were ever shown, by revision: service.older, service.newer */
        uint64_t *index_used; /* bit set: service.index is taken */
        size_t index_words;
};

/*
 * Begins Watch on the peer's running call: a stream of changes. Instead of a queue a watcher has a cursor
 * into the registry's revisions: when the reader has taken what was sent, it gets the newest state of each
 * service that changed since, oldest change first. names: an array of strings, or NULL. 0 or -ENOMEM.
 */
int watcher_new(struct peer *peer, struct json_object *names);

/* What is told of a service has changed: those who watch are to be told. */
void watchers_on_changed(struct server *server, struct service *service);

/* The same of one that is about to go. */
void watchers_on_gone(struct server *server, struct service *service);

/* When all watchers are gone. */
void watchers_deinit(struct watchers *watchers);

#endif
