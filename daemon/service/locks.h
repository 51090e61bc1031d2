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

struct locks {
        pid_t log_pid; /* whom the next two are about; 0: nobody */
        pid_t pid;
        struct log_place log;
        bool unlocked;
        unsigned looks;    /* of these two, since they began, or last were well */
        int64_t look_msec; /* by clock_msec(); 0: there is no need */
        int64_t try_msec;  /* when the logger was last made to try again; 0: never */
};

/* Of a registry: one look at a time. */
struct locks_look {
        bool busy;
        size_t at;
};

/* Of its logger, as far as it is of use; LOG_WELL where nothing is known. */
struct log_place locks_log(const struct service *service);

/* For people; empty where nothing is wrong. */
void locks_log_problem(const struct service *service, char *text, size_t size);
const char *locks_problem(const struct service *service); /* NULL */

/* Looks when that is due; called at each step. */
void locks_follow(struct service *service);
int64_t locks_wait_msec(const struct service *service);

/* All anew; and whether that is done. */
void locks_look_all(struct registry *registry);
bool locks_is_looking(const struct registry *registry);

/* For a person's order: the logger tries its directory again, where it does not use it. */
void locks_try_again(struct service *service);

#endif
