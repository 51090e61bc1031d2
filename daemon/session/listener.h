#ifndef SESSION_LISTENER_H
#define SESSION_LISTENER_H

#include <sys/types.h>

#include <uv.h>

#include "daemon/edge/stream.h"

/*
 * A listening socket. Its mode is 0660 and its group right from bind on. Accepting pauses for a moment when
 * descriptors or memory are short, instead of spinning.
 */
struct listener {
        int fd;      /* -1: closed */
        int lock_fd; /* <path>.lock, held as long as we serve */
        uv_poll_t poll;
        uv_timer_t pause;
        struct streams *streams;
        void (*accepted)(void *owner, int fd);
        void *owner;
};

/* 0, -EADDRINUSE where another broker serves it, or another negative errno. */
int listener_open(struct listener *listener, uv_loop_t *loop, struct streams *streams, const char *path,
                  gid_t gid, void (*accepted)(void *owner, int fd), void *owner);
void listener_close(struct listener *listener);

#endif
