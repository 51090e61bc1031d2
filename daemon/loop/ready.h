/* SPDX-License-Identifier: ISC */
#ifndef LOOP_READY_H
#define LOOP_READY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

/*
 * A queue of what has something to do: the model has one, and connections have theirs (session/server.h). Whatever
 * changes a thing (an event of the watch, a timer, an answer of a thread, a call, the end of another) notes the change in
 * it and wakes it; only the turn of the loop takes it out, and calls its step. So no step is called within another one's,
 * and whoever wakes a thing finds it as it was until it returns.
 *
 * The order: root's before all others'; among these the first that was woken is the first that is stepped. A thing that is
 * woken while it waits keeps its place; one that is woken by its own step, or has more to do, comes again behind all
 * that wait. Steps have READY_TURN_USEC of a turn of the loop, and at least one is made in it, however slow the machine
 * is; between two turns everybody else is heard. A step does the least that can be done by itself. While nothing is
 * ready the loop sleeps, and while something is it does not.
 */
struct ready_queue;

struct ready {
        struct ready *ring; /* the one of the queue's that it waits in; NULL: it does not wait */
        struct ready *next;
        struct ready *before;
        struct ready_queue *queue; /* NULL: it is woken in vain */
        bool root;                 /* all that it does is for root */
        /* True: it has more to do. False: nothing, as far as it knows; it may have freed itself. */
        bool (*step)(struct ready *ready);
        /* The broker ends, and it waited: frees it. NULL: its owner does. */
        void (*drop)(struct ready *ready);
};

struct ready_queue {
        uv_idle_t idle;
        uint64_t until;    /* steps have the time up to then of this turn, by uv_hrtime() */
        struct ready root; /* rings of those that wait, these two being their ends */
        struct ready others;
        bool closed;
        size_t count; /* that wait */
};

void ready_open(struct ready_queue *queue, uv_loop_t *loop);

/* Drops what waits, and what is woken by that. What is woken from now on stays as it is. */
void ready_close(struct ready_queue *queue);

void ready_init(struct ready *ready, struct ready_queue *queue, bool (*step)(struct ready *ready));

/* It is stepped soon, and never before this returns. One that waits keeps its place. */
void ready_wake(struct ready *ready);

/* The same as if it were root's, this time: one that waits among the others goes over to root's. */
void ready_wake_root(struct ready *ready);

bool ready_is_waiting(const struct ready *ready);

/* The time for steps of this turn is over: one that has more to do leaves the rest for its next one. */
bool ready_is_over(const struct ready *ready);

/* It is about to be freed; a step may do that to any thing, itself included. */
void ready_remove(struct ready *ready);

#endif
