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
 * profiles/ on the volume, watched: a new profile has its gateway without being asked for, and one whose directory is
 * gone is held rather than started again and again. inotify tells of entries that come and go, in that one directory
 * (in the volume itself, as long as it is not there). The watch is put there by the volume's thread, with the client's
 * rights. However much the client does there, it is looked at after a pause, which doubles while nothing has changed,
 * and until then nobody is woken. On a file system where others can change things unseen (NFS and its like), and
 * without inotify, it is looked at each minute.
 */
struct profiles {
        struct timer timer;
        uv_poll_t poll;
        int fd;         /* inotify; -1: there is none */
        int directory;  /* its watch descriptor, the thread's while `arming`; -1: there is none */
        bool polled;    /* the poll is there, and is to be closed */
        bool open;      /* the boot is over */
        bool arming;    /* the thread is at it */
        bool looking;   /* a reconcile for it has been asked for */
        bool again;     /* something has changed meanwhile */
        bool remote;    /* the file system tells of some changes only */
        unsigned tries; /* more looks after the last change: SOUL.md may come later than its directory */
        int64_t pause_msec;
        int64_t changed_msec; /* by clock_msec() */
};

void profiles_init(struct profiles *profiles, struct registry *registry);
void profiles_close(struct profiles *profiles);

/* The boot is over: from now on changes are looked at. */
void profiles_open(struct registry *registry);

/* Something may have changed. */
void profiles_look_soon(struct registry *registry);

#endif
