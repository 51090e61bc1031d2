/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_LOCKS_H
#define JUDGE_LOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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

/*
 * The locks by which a gateway, and its s6-log, say that they work as they should: each is held by that very
 * process, as only the kernel can say.
 */
struct volume_lock {
        int result; /* 0, or a negative errno: it could not be looked at */
        bool held;
        pid_t holder; /* 0: nobody, or one that is not to be seen here */
};

struct volume_locks {
        int opened; /* of the volume: 0 or a negative errno; nothing else is set then */
        struct volume_lock gateway;
        struct volume_lock log; /* of logs/gateways/PROFILE; result is that of the directory, if it was none
                                   to begin with */
        bool log_writable;  /* by that user, as far as the directory's and the lock's owner and mode say */
        bool log_read_only; /* its file system is */
        bool log_full;      /* the same: no room for anybody but root */
        uid_t log_uid;      /* who the directory, or what in it is not to be written, belongs to */
};

/* age_msec: how long the logger has run. */
struct log_place locks_judge_log(const struct volume_locks *found, pid_t logger, int64_t age_msec);
bool locks_judge_gateway(const struct volume_locks *found, int64_t age_msec); /* true: it has no lock */

/* What is known of the two, and of whom: pids, 0 for nobody. */
struct locks_known {
        enum log_trouble log;
        bool unlocked;
        pid_t log_pid;
        pid_t pid;
};

/* When to look again, in milliseconds, after so many looks: soon while it is too early to say, and now and then while
 * something is wrong; 0: there is no need. */
int64_t locks_delay_msec(const struct locks_known *known, unsigned looks);

/* For people; empty where nothing is wrong. */
void locks_describe_log(const struct log_place *log, char *text, size_t size);
extern const char locks_unlocked_text[];

#endif
