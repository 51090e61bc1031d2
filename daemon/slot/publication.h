/* SPDX-License-Identifier: ISC */
#ifndef SLOT_PUBLICATION_H
#define SLOT_PUBLICATION_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/loop/ready.h"
#include "daemon/loop/timer.h"

struct registry;
struct service;

/*
 * When slots come into s6-svscan's view and leave it, and when s6-svscan is told to look. s6-svscan of s6
 * 2.12 to 2.15 gives a scan up when a name vanishes under it, and no later scan starts what it saw for the
 * first time in that one. So no link is removed while a slot that was linked has no supervisor yet, and no
 * link is made while a removal waits for that. All changes that wait for the same turn are one command to
 * s6-svscan.
 */
struct publication {
        struct ready ready;
        struct registry *registry;
        struct timer turn;
        unsigned held;      /* so many still make slots that shall all come into view at once */
        unsigned held_root; /* so many of these are root's */
        bool root;          /* root waits for a slot to come or to leave */
        bool rescan;        /* s6-svscan is to look even where nothing comes or leaves */
};

void publication_init(struct publication *publication, struct registry *registry);
void publication_close(struct publication *publication);

/* The slot is to be linked as soon as it may be: then its service's follower is woken, and service.place says
 * what came of that. root: root waits. */
void publication_come(struct service *service, bool root);

/* The slot's link is to go as soon as it may: the rest is the same. */
void publication_leave(struct service *service, bool root);

/* The same, but the caller ends the slot's supervisors: s6-svscan of s6 2.11, told to end the supervisors of
 * what is gone, also ends a gateway whose logger's supervisor it has lost. */
void publication_leave_quietly(struct service *service);

/* Fewer slots may lack a supervisor now: what waited for that may come or leave. */
void publication_wake(struct registry *registry);

/* s6-svscan is told to look in any case. */
void publication_rescan(struct registry *registry);

/* Between publication_hold() and publication_release() no slot comes into view or leaves it, so that many
 * slots are one scan. Unless root holds, slots that root waits for are not kept waiting, nor what is ready
 * with them. */
void publication_hold(struct registry *registry, bool root);
void publication_release(struct registry *registry, bool root);
bool publication_is_held(const struct registry *registry);

#endif
