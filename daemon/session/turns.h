#ifndef SESSION_TURNS_H
#define SESSION_TURNS_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

struct peer;
struct server;

/*
 * Who is served when. Root's connections are served as soon as something comes, and first of all who has more
 * to do. Everybody else's wait in a queue, for SERVER_TURN_USEC of each turn of the loop: whatever they send,
 * and however many they are, root's next call comes into the next turn.
 */
struct turn_queue {
        struct peer *first;
        struct peer *last;
        unsigned count;
};

struct turns {
        uv_check_t check; /* once a turn, after what the kernel told of */
        uv_idle_t awake;  /* the loop does not sleep meanwhile */
        struct turn_queue root;
        struct turn_queue others;
        bool watchers;  /* something changed that readers of Watch are to be told */
        uint64_t until; /* the others' part of this turn is over, by uv_hrtime() */
};

void turns_init(struct server *server);
void turns_close(struct server *server);

/* It has something to do. May be called again while it is queued. */
void turns_add(struct peer *peer);
void turns_remove(struct peer *peer);

/* So have all that watch. */
void turns_add_watchers(struct server *server);

/* The peer, whose turn it is, leaves the rest for the next one. */
bool turns_is_over(const struct peer *peer);

#endif
