/* SPDX-License-Identifier: ISC */
#ifndef EDGE_STREAM_H
#define EDGE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon/loop/closer.h"

/*
 * The sockets of peers. Nothing else reads, writes or closes one, nor a socket that listens for them
 * (tests/unit/session_house.c): a peer may pass descriptors with its bytes (SCM_RIGHTS) whose release sleeps,
 * and whoever drops them from the queue sleeps with it.
 *
 * - From Linux 6.16 on the kernel refuses to pass them (SO_PASSRIGHTS), and all of this is plain calls.
 * - Before, bytes are looked at first, and those that descriptors came with are never taken; sockets are
 *   closed by threads of their own (closer.h). A signal that comes again and again (stall.h) ends whatever
 *   sleeps in the loop all the same.
 */
struct streams {
        bool may_carry;        /* descriptors may come with bytes */
        unsigned pending_most; /* how many may wait to be closed */
        struct closer closer;
};

void streams_init(struct streams *streams);

/* Prepares a listening socket before it is bound: the sockets that it accepts inherit that. */
void streams_prepare(struct streams *streams, int fd);

/* Starts the threads that are needed: to be called when rights are dropped. 0 or a negative errno; without
 * threads, closing may take the loop's time. */
int streams_begin(struct streams *streams);

/* Do so many wait to be closed that no more should be accepted for a moment? */
bool streams_are_full(const struct streams *streams);

/* Accepts a connection, and returns as accept4() does. */
int stream_accept(const struct streams *streams, int listener);

/* Receives as recv() does, without waiting; EBADMSG: the peer passes descriptors, and is to be closed. */
ssize_t stream_receive(const struct streams *streams, int fd, char *bytes, size_t size);

/* Sends as send() does, without waiting or a signal. */
ssize_t stream_send(const struct streams *streams, int fd, const char *bytes, size_t length);

/* Closes the connection: both sides see its end at once; the descriptor may stay for a while. */
void stream_close(struct streams *streams, int fd);

/* Makes the number `fd` that of the socket `other`, whose own number is closed; what `fd` was is closed as
 * stream_close() does. 0, or a negative errno: `fd` is what it was, and `other` is closed. */
int stream_replace(struct streams *streams, int fd, int other);

#endif
