/* SPDX-License-Identifier: ISC */
#ifndef ORDER_PROFILES_H
#define ORDER_PROFILES_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "daemon/bounds.h"
#include "daemon/loop/timer.h"

struct registry;

/*
 * Watches profiles/ on the volume: a new profile gets its gateway without anybody asking for it, and a
 * gateway whose profile's directory is gone is held rather than started again and again. inotify tells of
 * entries that come and go in that one directory (in the volume itself, as long as profiles/ is not there).
 * The watch is put there by the volume's thread, with the client's rights. However much the client changes
 * there, the directory is looked at only after a pause, which doubles while no gateway comes of it, and until
 * then nobody is woken. On a file system where others can change things unseen (NFS and its like), and
 * without inotify, the directory is looked at each minute.
 */
struct profiles {
        struct timer timer;
        uv_poll_t poll;
        int fd;         /* inotify; -1: there is none */
        int directory;  /* the directory's watch descriptor, the thread's while `arming`; -1: there is none */
        bool polled;    /* `poll` is there, and is to be closed */
        bool open;      /* the boot is over */
        bool arming;    /* the volume's thread puts the watch in place */
        bool looking;   /* a reconcile has been asked for, and is not done */
        bool again;     /* something has changed while `arming` or `looking` */
        bool remote;    /* the file system tells of some changes only */
        unsigned tries; /* looks still to come after the last change: SOUL.md may come after its directory */
        int64_t pause_msec;
        int64_t changed_msec; /* by clock_msec(): the last change */
};

void profiles_init(struct profiles *profiles, struct registry *registry);
void profiles_close(struct profiles *profiles);

/* The boot is over: from now on changes are looked at. */
void profiles_open(struct registry *registry);

/* Something may have changed in profiles/, which is looked at after the pause. */
void profiles_look_soon(struct registry *registry);

#endif
