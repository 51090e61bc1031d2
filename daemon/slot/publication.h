#ifndef SLOT_PUBLICATION_H
#define SLOT_PUBLICATION_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/loop/timer.h"

struct registry;

/*
 * When slots come into s6-svscan's view and leave it, and when it is told to look. s6-svscan of s6 2.12
 * to 2.15 gives a scan up when a name vanishes under it, and what it saw for the first time in that one is
 * started by no later one. So no link is removed while a slot that was linked has no supervisor yet, and none
 * is made while a removal waits for that. All changes of one turn of the loop are one command to s6-svscan.
 */
struct publication {
        struct timer turn;
        unsigned held;      /* who still makes slots that shall all come into view at once */
        bool rescan;        /* s6-svscan is to look even where nothing comes or leaves */
};

/* Where s6-svscan has not begun a supervisor for this long, it is not about to: removals go on. */
#define PUBLICATION_QUIET_MSEC 1000
/* And no slot keeps them waiting for longer: there may be something wrong with it. */
#define PUBLICATION_MOST_MSEC 5000

void publication_init(struct registry *registry);

/* At the end of this turn of the loop: what waits to be unlinked or linked is, as far as it may, and
 * s6-svscan is told. */
void publication_wake(struct registry *registry);

/* The same, and s6-svscan is told in any case. */
void publication_rescan(struct registry *registry);

/* Between these two nothing comes into view or leaves it, so that many slots are one scan. */
void publication_hold(struct registry *registry);
void publication_release(struct registry *registry);

#endif
