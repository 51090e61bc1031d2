/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_LOCKS_H
#define SERVICE_LOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/judge/locks.h"

struct registry;
struct service;

/* Whether a gateway and its logger hold their locks on the volume (judge/locks.h), as the last look found. */
struct locks {
        pid_t log_pid; /* the logger's, which `log` is about; 0: it does not run */
        pid_t pid;     /* the gateway's, which `unlocked` is about; 0: it does not run */
        struct log_place log;
        bool unlocked;
        unsigned looks;    /* at these two processes */
        int64_t look_msec; /* by clock_msec(): when the next look is due; 0: none is, or one is under way */
        int64_t try_msec;  /* by clock_msec(): when the logger was last made to try again; 0: never */
};

/* A registry has one look at a time. */
struct locks_look {
        bool busy;
        size_t at; /* place in its services, where the search for the next look begins */
};

/* Where the service's logger writes; LOG_WELL where nothing is known, or nobody prints anything that it would
 * write. */
struct log_place locks_log(const struct service *service);

/* What is wrong with the logger's directory, and with the gateway's lock, for people; empty, and NULL, where
 * nothing is. */
void locks_log_problem(const struct service *service, char *text, size_t size);
const char *locks_problem(const struct service *service);

/* Has the volume looked at, when that is due; called at each step of the service. */
void locks_follow(struct service *service);
int64_t locks_wait_msec(const struct service *service);

/* Has all locks looked at anew; locks_is_looking() says whether such looks are still to be done. */
void locks_look_all(struct registry *registry);
bool locks_is_looking(const struct registry *registry);

/* Makes a logger that does not use its directory try again, by ending it; for a person's order. */
void locks_try_again(struct service *service);

#endif
