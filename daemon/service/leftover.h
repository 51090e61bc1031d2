/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_LEFTOVER_H
#define SERVICE_LEFTOVER_H

struct service;

/*
 * What an s6-supervise that was killed left running. The gateway's next run ends it, and so does its Unregister; one that is
 * not wanted has neither, and nobody's Stop would reach it: the next s6-supervise knows nothing of it. It is told to end
 * (TERM), once for each s6-supervise that comes: how long it takes for that is its own to say, as with any stop.
 */
enum leftover {
        LEFTOVER_NONE,
        LEFTOVER_UNKNOWN,  /* another s6-supervise has come, and nobody has looked yet */
        LEFTOVER_IS_ENDED, /* the deputy is at it */
};

/* In the service's turn. */
void leftover_follow(struct service *service);

#endif
