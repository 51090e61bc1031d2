/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_POLL_H
#define SERVICE_POLL_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/loop/timer.h"

struct registry;

/*
 * Looks each second (POLL_MSEC) at what inotify does not tell of: services that the kernel has no watch for
 * (its bounds are for all root processes of a user namespace together), for which a watch is tried again; the
 * scan directory and the services directory, where they are not watched; services and loggers that nobody
 * supervises, whose directory may be back, or which s6-svscan may have forgotten (slot/revival.h); and slots
 * whose pipe is lost. As long as everything is watched and supervised nothing wakes up. watches.h looks.
 */
struct poll {
        struct timer turn;
        size_t next; /* place in the registry's services, where the round goes on; 0: a new one begins */
        int64_t rescan_msec; /* by clock_msec(): when s6-svscan was last told to look */
};

/* turn: called by the timer, for each slice of a round. */
void poll_init(struct registry *registry, void (*turn)(void *registry));

/* Begins to poll, if that is not going on: there may be something to look at. */
void poll_wake(struct registry *registry);

#endif
