/* SPDX-License-Identifier: ISC */
#ifndef LOOP_CLOSER_H
#define LOOP_CLOSER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "daemon/bounds.h"

/*
 * Threads that only close. What a peer left in the queue of its socket is released by who closes that, and
 * may sleep for as long as the peer likes (SCM_RIGHTS: a TCP socket with SO_LINGER), so the loop hands such
 * descriptors over. The two share a ring of numbers and an eventfd, and no lock: whoever keeps these threads
 * from running keeps nobody else. They have all ids of the process, no capability, and end with the process,
 * for which they need not be waited: the kernel lets no closing of a process that ends linger.
 */
struct closer {
        int wanted;       /* eventfd, one for each descriptor in the ring; -1: not begun */
        unsigned threads; /* that run */
        unsigned handed;  /* descriptors, ever */
        atomic_uint taken;
        atomic_uint closed;
        atomic_int ring[CLOSER_RING]; /* -1: free */
};

void closer_init(struct closer *closer);

/* Starts the threads. Where none could be, closer_take() tries again. 0 or a negative errno. */
int closer_begin(struct closer *closer);

/* The descriptor is the closer's now, and closed soon. False: it has no room, or no thread. */
bool closer_take(struct closer *closer, int fd);

/* How many it has taken and not closed. */
unsigned closer_pending(const struct closer *closer);

#endif
