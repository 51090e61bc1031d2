/* SPDX-License-Identifier: ISC */
#ifndef SESSION_LISTENER_H
#define SESSION_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

#include <uv.h>

#include "daemon/edge/socket_file.h"
#include "daemon/edge/stream.h"

/*
 * A listening socket. Its file has mode 0660 and the right group from bind on. When descriptors or memory are
 * short, accepting pauses for LISTENER_PAUSE_MSEC instead of spinning.
 */
struct listener {
        int fd;           /* -1: closed */
        int lock_fd;      /* <path>.lock, held as long as the broker serves */
        const char *path; /* not owned */
        gid_t gid;
        struct socket_file file;
        /* Why the file or its lock is away and cannot be made anew: a negative errno, -EPERM where users
         * other than root can write the directory. 0: both were there at the last look. */
        int lost;
        uv_poll_t poll;
        uv_timer_t pause;
        struct streams *streams;
        void (*accepted)(void *owner, int fd);
        void *owner;
};

/* Binds the socket and listens; `accepted` is called in later turns of the loop, and owns the fd that it
 * gets. 0, -EADDRINUSE where another broker serves that path, -EEXIST where something else has its name,
 * -ENAMETOOLONG, or another negative errno. */
int listener_open(struct listener *listener, uv_loop_t *loop, struct streams *streams, const char *path,
                  gid_t gid, void (*accepted)(void *owner, int fd), void *owner);
void listener_close(struct listener *listener);

/*
 * Makes the socket's file and its lock anew where they were removed, moved or replaced, if only root can
 * write the directory and nothing else has taken the name. Connections stay, even those that were not
 * accepted yet. make_directory: makes the directory as well, if that is gone. Sets `lost`. Accepts
 * connections, so it must be called from the loop itself.
 */
void listener_mend(struct listener *listener, bool make_directory);

/* Whether the socket's file and its lock are where clients and other brokers look for them. */
bool listener_is_there(const struct listener *listener);

/* Which of the two is away, in words; NULL: neither, or the listener is closed. */
const char *listener_lack(const struct listener *listener);

/* What the broker does about what is away, or what a person is to do, in words. */
const char *listener_remedy(const struct listener *listener);

#endif
