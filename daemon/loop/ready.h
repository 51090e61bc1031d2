/* SPDX-License-Identifier: ISC */
#ifndef LOOP_READY_H
#define LOOP_READY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

/*
 * A queue of things that have something to do: the model has one, and connections have theirs
 * (session/server.h). Whatever changes a thing (an event of the watch, a timer, an answer of a thread, a
 * call, the end of another thing) notes the change in it and wakes it; only the turn of the loop takes the
 * thing out, and calls its step. So no step is called within another, and whoever wakes a thing finds it
 * unchanged until it returns itself.
 *
 * The order: root's things before all others'; among these the first that was woken is the first that is
 * stepped. A thing that is woken while it waits keeps its place; one that is woken by its own step, or has
 * more to do, comes again behind all that wait. Steps have READY_TURN_USEC of a turn of the loop, and at
 * least one is made in each, however slow the machine is; between two turns everybody else is heard. A step
 * does the least that can be done by itself. While nothing is ready the loop sleeps, and while something is
 * it does not.
 */
struct ready_queue;

struct ready {
        struct ready *ring; /* the queue's ring that it waits in; NULL: it does not wait */
        struct ready *next;
        struct ready *before;
        struct ready_queue *queue; /* NULL: waking it does nothing */
        bool root;                 /* all that it does is for root */
        /* True: there is more to do. False: nothing, as far as is known; the thing may have freed itself. */
        bool (*step)(struct ready *ready);
        /* Frees what still waits when the queue is closed. NULL: its owner does. */
        void (*drop)(struct ready *ready);
};

struct ready_queue {
        uv_idle_t idle;
        uint64_t until;    /* when this turn's time for steps is over, by uv_hrtime() */
        struct ready root; /* the ends of the two rings of what waits */
        struct ready others;
        bool closed;
        size_t count; /* things that wait */
};

void ready_open(struct ready_queue *queue, uv_loop_t *loop);

/* Drops what waits, and what is woken by that. From then on waking does nothing. */
void ready_close(struct ready_queue *queue);

void ready_init(struct ready *ready, struct ready_queue *queue, bool (*step)(struct ready *ready));

/* Wakes a thing: it is stepped soon, and never before this returns. One that waits keeps its place. */
void ready_wake(struct ready *ready);

/* Wakes a thing as if it were root's, this time: one that waits among the others goes over to root's. */
void ready_wake_root(struct ready *ready);

bool ready_is_waiting(const struct ready *ready);

/* Is this turn's time for steps over? A step that has more to do then leaves the rest for its next one. */
bool ready_is_over(const struct ready *ready);

/* Takes a thing that is about to be freed out of its queue; a step may do that to any, itself included. */
void ready_remove(struct ready *ready);

#endif
