#ifndef LOOP_SLICES_H
#define LOOP_SLICES_H

#include <stdbool.h>

#include <uv.h>

/*
 * Work that is too long for one turn of the loop. It is done piece by piece, for SLICES_TURN_USEC of a turn,
 * and between two turns everybody else is heard. Root's goes first; the others' take turns, a piece each.
 */
struct slice {
        struct slice *next;
        bool queued;
        bool root;
        /* Does one piece, the least that can be done by itself. False: that was all, for now; whatever the
         * slice is part of may be freed then. */
        bool (*piece)(struct slice *slice);
        /* The broker ends, and it was queued: frees it. NULL: its owner does. */
        void (*drop)(struct slice *slice);
};

struct slice_queue {
        struct slice *first;
        struct slice **end; /* where the next one goes; NULL: it was never used */
};

struct slices {
        uv_idle_t idle;
        struct slice_queue root;
        struct slice_queue others;
};

void slices_init(struct slices *slices, uv_loop_t *loop);

/* Drops what is queued. */
void slices_close(struct slices *slices);

/* From the next turn of the loop on. May be called again while it is queued. */
void slices_add(struct slices *slices, struct slice *slice);

/* It is about to be freed. */
void slices_remove(struct slices *slices, struct slice *slice);

#endif
