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
 * When slots come into s6-svscan's view and leave it, and when it is told to look. s6-svscan of s6 2.12
 * to 2.15 gives a scan up when a name vanishes under it, and what it saw for the first time in that one is
 * started by no later one. So no link is removed while a slot that was linked has no supervisor yet, and none
 * is made while a removal waits for that. All changes that wait for the same turn are one command to s6-svscan.
 */
struct publication {
        struct ready ready;
        struct registry *registry;
        struct timer turn;
        unsigned held;      /* who still makes slots that shall all come into view at once, */
        unsigned held_root; /* and is root */
        bool root;          /* root waits for one to come or to leave */
        bool rescan;        /* s6-svscan is to look even where nothing comes or leaves */
};

void publication_init(struct publication *publication, struct registry *registry);
void publication_close(struct publication *publication);

/* The slot is to be linked, as soon as it may: then its service's follower is woken, and service.place says what came of it.
 * root: it is root who waits. */
void publication_come(struct service *service, bool root);

/* Its link is to go: the same. */
void publication_leave(struct service *service, bool root);

/* The same, and whoever wants that ends its supervisors: s6-svscan of s6 2.11, told to end those of what is gone, ends a
 * gateway as well whose logger's it has lost. */
void publication_leave_quietly(struct service *service);

/* Who waits may have become fewer. */
void publication_wake(struct registry *registry);

/* s6-svscan is told to look in any case. */
void publication_rescan(struct registry *registry);

/* Between these two nothing comes into view or leaves it, so that many slots are one scan; where it is not root who makes
 * them, but for what root waits for, and what is ready with it. */
void publication_hold(struct registry *registry, bool root);
void publication_release(struct registry *registry, bool root);
bool publication_is_held(const struct registry *registry);

#endif
