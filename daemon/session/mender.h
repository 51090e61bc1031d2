/* SPDX-License-Identifier: ISC */
#ifndef SESSION_MENDER_H
#define SESSION_MENDER_H

#include "daemon/loop/timer.h"
#include "daemon/loop/watch.h"

struct listener;

#define MENDER_LISTENERS 2

/*
 * Sees to it that the listeners' files are where clients look for them. The mender watches their directory.
 * It looks there each second (POLL_MSEC) if the directory cannot be watched or has symbolic links in its
 * path, and as long as one of the files is away.
 */
struct mender {
        struct watch watch;
        int wd;     /* the watched directory; -1: none */
        bool polls; /* the directory, or a link on the way to it, is not watched */
        struct timer look;
        struct listener *listeners[MENDER_LISTENERS];
        bool open;
};

/* Looks at once, so `accepted` of a listener may be called. Both listeners are in one directory; one that is
 * closed is passed over. */
void mender_open(struct mender *mender, uv_loop_t *loop, struct listener *first, struct listener *second);

/* Makes the mender look after MENDER_MSEC: somebody has seen that something is wrong. */
void mender_wake(struct mender *mender);

/* To be called before the mender's listeners are closed. */
void mender_close(struct mender *mender);

#endif
