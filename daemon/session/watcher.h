#ifndef SESSION_WATCHER_H
#define SESSION_WATCHER_H

#include "daemon/session/peer.h"

struct json_object;

/*
 * A stream of changes. Instead of a queue it has a cursor into the registry's revisions: when the reader has
 * taken what was sent, it gets the newest state of each service that changed since, oldest change first.
 */
struct watcher {
        uint64_t cursor; /* everything up to this revision was sent */
        uint64_t *seen;  /* bit set: the service with this index was told of */
        size_t seen_words;
        char **names; /* NULL: all */
        size_t count;
        size_t bytes; /* what it takes in memory, roughly */
};

/* Begins Watch on the peer's running call. names: an array of strings, or NULL. 0 or -ENOMEM. */
int watcher_new(struct peer *peer, struct json_object *names);
void watcher_free(struct peer *peer);

/* Sends what is new, if the reader took what was sent before. */
void watcher_pump(struct peer *peer);

/* There is more to send. */
bool watcher_is_behind(const struct peer *peer);

/* A service is about to go: those who watch it are to be told. */
void watcher_on_gone(struct server *server, struct service *service);

/* Frees what every watcher was told of. */
void watcher_bury(struct server *server);

#endif
