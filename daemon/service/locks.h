#ifndef SERVICE_LOCKS_H
#define SERVICE_LOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/edge/volume_locks.h"

struct registry;
struct service;

#define LOCKS_PROBLEM_BYTES 160 /* as RECORD_REASON_BYTES */

/*
 * Fallbacks of the template's scripts, which only the container's log would tell of: a logger that cannot use
 * its directory sends its lines to the container's log only, and a gateway whose lock cannot be had is
 * started without. Neither is told to the broker by what they print or leave: it looks, as the client user,
 * whether the very process that s6 shows holds the lock that it holds where all is well. So nobody can make
 * it say that all is well, and a restarted broker knows it as well.
 */
enum log_trouble {
        LOG_UNKNOWN, /* not looked at yet, or too early to say */
        LOG_WELL,
        LOG_ERROR,     /* detail: errno */
        LOG_OWNER,     /* detail: the uid it belongs to */
        LOG_READ_ONLY, /* its file system */
        LOG_FULL,
        LOG_BUSY,   /* detail: who holds its lock; 0: not to be seen */
        LOG_UNUSED, /* it could be used by now */
};

struct log_place {
        enum log_trouble trouble;
        int detail;
        bool held; /* it uses the directory all the same, and cannot go on for long */
};

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

/* Pure. age_msec: how long the logger has run. */
struct log_place locks_judge_log(const struct volume_locks *found, pid_t logger, int64_t age_msec);
bool locks_judge_gateway(const struct volume_locks *found, int64_t age_msec); /* true: it has no lock */

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
