/* SPDX-License-Identifier: ISC */
#ifndef SESSION_LISTENER_H
#define SESSION_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

#include <uv.h>

#include "daemon/edge/socket_file.h"
#include "daemon/edge/stream.h"

/*
 * A listening socket. Its mode is 0660 and its group right from bind on. Accepting pauses for a moment when
 * descriptors or memory are short, instead of spinning.
 */
struct listener {
        int fd;           /* -1: closed */
        int lock_fd;      /* <path>.lock, held as long as we serve */
        const char *path; /* the caller's, who keeps it */
        gid_t gid;
        struct socket_file file;
        int lost; /* its file is not there and cannot be made anew: negative errno, -EPERM where others than
                     root can write its directory; 0: it is there, or was when we last looked */
        uv_poll_t poll;
        uv_timer_t pause;
        struct streams *streams;
        void (*accepted)(void *owner, int fd);
        void *owner;
};

/* 0, -EADDRINUSE where another broker serves it, -EEXIST where something else has its name, or another
 * negative errno. */
int listener_open(struct listener *listener, uv_loop_t *loop, struct streams *streams, const char *path,
                  gid_t gid, void (*accepted)(void *owner, int fd), void *owner);
void listener_close(struct listener *listener);

/*
 * Where its file was removed, moved or replaced: makes it anew, if its directory is still root's, and nothing
 * else has taken its name. Connections stay, those too that nobody has accepted yet. make_directory: also
 * where that is gone. Sets `lost`. To be called by a turn of the loop itself, since it accepts.
 */
void listener_mend(struct listener *listener, bool make_directory);

/* The socket's file is where clients look for it, and so is its lock. */
bool listener_is_there(const struct listener *listener);

/* What of the two is not where it was; NULL: both are, or the listener is closed. */
const char *listener_lack(const struct listener *listener);

/* What comes of such a lack, or what a person is to do. */
const char *listener_remedy(const struct listener *listener);

#endif
