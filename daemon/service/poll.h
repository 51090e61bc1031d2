/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_POLL_H
#define SERVICE_POLL_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/loop/timer.h"

struct registry;

/*
 * What inotify does not tell of is looked at each second: services that the kernel has no watch for (its
 * bounds are for all root processes of a user namespace together), and whose watch is tried for again; the
 * scan directory, where it is not watched; services and loggers that nobody supervises, whose
 * directory may be back, or which s6-svscan may have forgotten (slot/revival.h). As long as everything is watched and
 * supervised nothing wakes up. What a look is: watches.h.
 */
struct poll {
        struct timer turn;
        size_t next;         /* of the registry's services, in a round that has begun */
        int64_t rescan_msec; /* by clock_msec(): when s6-svscan was last told to look */
};

void poll_init(struct registry *registry, void (*turn)(void *registry));

/* There may be something for it. */
void poll_wake(struct registry *registry);

#endif
