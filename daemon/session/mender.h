/* SPDX-License-Identifier: ISC */
#ifndef SESSION_MENDER_H
#define SESSION_MENDER_H

#include "daemon/loop/timer.h"
#include "daemon/loop/watch.h"

struct listener;

#define MENDER_LISTENERS 2

/*
 * Sees to it that the listeners' files are where clients look for them. Their directory is watched; where it
 * cannot be, or is called by a name with symbolic links, or as long as one of them is away, it is looked at
 * each second (POLL_MSEC).
 */
struct mender {
        struct watch watch;
        int wd;     /* -1: it is not watched */
        bool polls; /* it is not watched, or not all of the way to it */
        struct timer look;
        struct listener *listeners[MENDER_LISTENERS];
        bool open;
};

/* listeners: all in one directory; those that are closed are left out. */
void mender_open(struct mender *mender, uv_loop_t *loop, struct listener *first, struct listener *second);

/* Lets the mender look in a moment: somebody has seen that something is wrong. */
void mender_wake(struct mender *mender);

/* To be called before its listeners are closed. */
void mender_close(struct mender *mender);

#endif
