#ifndef SERVICE_STAND_IN_H
#define SERVICE_STAND_IN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct service;

/*
 * Where s6-supervise lacks CAP_KILL, it takes an order and its signal reaches nobody who is not root: the
 * deputy sends that signal then, as the client user. A TERM or a KILL of the gateway is tried until it was sent,
 * since run is root's shell at first: s6-supervise may signal that, or be a moment too late; and since something
 * may be short for a moment.
 */
struct stand_in {
        bool open; /* a signal is not sent yet, to the run of the two below */
        bool kill; /* it is KILL, else TERM */
        pid_t pid;
        int64_t since_usec;
        bool busy; /* the deputy is at it */
        int64_t pause_msec;
        int64_t again_msec; /* by clock_msec() */
};

/* These letters were written for the service's s6-supervise, or its logger's. */
void stand_in_signal(struct service *service, bool log, const char *letters);

/* Tries again what is open and due; closes what has become pointless. */
void stand_in_step(struct service *service);

/* In how many milliseconds to step; INT64_MAX: not by time. */
int64_t stand_in_wait_msec(const struct service *service);

#endif
