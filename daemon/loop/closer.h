/* SPDX-License-Identifier: ISC */
#ifndef LOOP_CLOSER_H
#define LOOP_CLOSER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "daemon/bounds.h"

/*
 * Threads that only close descriptors. Whoever closes a peer's socket releases what the peer left in its
 * queue, and that may sleep for as long as the peer likes (SCM_RIGHTS: a TCP socket with SO_LINGER), so the
 * loop hands such descriptors to these threads. Loop and threads share a ring of descriptors and an eventfd,
 * and no lock: whoever keeps these threads from running keeps nobody else. They have all ids of the process,
 * no capability, and end with the process, which need not wait for them: when a process ends, the kernel lets
 * no close linger.
 */
struct closer {
        int wanted;       /* eventfd that counts the descriptors in the ring; -1: not begun */
        unsigned threads; /* how many run */
        unsigned handed;  /* descriptors that were ever put into the ring */
        atomic_uint taken;
        atomic_uint closed;
        atomic_int ring[CLOSER_RING]; /* -1: free */
};

void closer_init(struct closer *closer);

/* Starts the threads. 0 or a negative errno: where no thread could be started, closer_take() tries again. */
int closer_begin(struct closer *closer);

/* Hands over the descriptor, which a thread closes soon. False: there is no room or no thread, and the
 * descriptor stays the caller's. */
bool closer_take(struct closer *closer, int fd);

/* How many descriptors were handed over and are not closed yet. */
unsigned closer_pending(const struct closer *closer);

#endif
