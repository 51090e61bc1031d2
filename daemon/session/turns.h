#ifndef SESSION_TURNS_H
#define SESSION_TURNS_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

/*
 * Who is served when. Root's connections are served as soon as something comes, and first of all who has more
 * to do. Everybody else's wait in a queue, for SERVER_TURN_USEC of each turn of the loop: whatever they send,
 * and however many they are, root's next call comes into the next turn.
 */

/* What a connection waits in the queue with. */
struct turn {
        struct turn *next;
        bool queued;
        bool root; /* it is root's; set once */
};

struct turn_queue {
        struct turn *first;
        struct turn *last;
        unsigned count;
};

struct turns {
        uv_check_t check; /* once a turn of the loop, after what the kernel told of */
        uv_idle_t awake;  /* the loop does not sleep meanwhile */
        struct turn_queue root;
        struct turn_queue others;
        uint64_t until; /* the others' part of this turn of the loop is over, by uv_hrtime() */
        void (*take)(struct turn *turn);
};

/* take: its turn has come; it is not queued any more, and may be added again. */
void turns_init(struct turns *turns, uv_loop_t *loop, void (*take)(struct turn *turn));
void turns_close(struct turns *turns);

/* Queues a turn of a connection that has something to do. One that is queued already stays where it is. */
void turns_add(struct turns *turns, struct turn *turn);
void turns_remove(struct turns *turns, struct turn *turn);

/* The time of others than root is over: whose turn this is leaves the rest for the next one. */
bool turns_is_over(const struct turns *turns, const struct turn *turn);

#endif
