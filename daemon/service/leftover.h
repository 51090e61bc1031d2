/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_LEFTOVER_H
#define SERVICE_LEFTOVER_H

struct service;

/*
 * Processes that an s6-supervise left running when it was killed. The gateway's next run ends them, and so
 * does Unregister; but a gateway that is not wanted has neither, and no Stop would reach them, since the next
 * s6-supervise knows nothing of them. So they are told to end (TERM), once for each s6-supervise that comes;
 * how long they take is up to them, as with any stop.
 */
enum leftover {
        LEFTOVER_NONE,
        LEFTOVER_NEVER,    /* the slot was just made, and what comes first has nobody before it */
        LEFTOVER_UNKNOWN,  /* another s6-supervise has come, and nobody has looked yet */
        LEFTOVER_IS_ENDED, /* the deputy is telling them to end */
};

/* Looks, if that is due, and has the deputy end what is found. Called in the service's turn. */
void leftover_follow(struct service *service);

#endif
