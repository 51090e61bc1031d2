/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_LOCKS_H
#define JUDGE_LOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOCKS_PROBLEM_BYTES 160 /* as RECORD_REASON_BYTES */

/*
 * Judges whether the template's scripts have fallen back, which otherwise only the container's log would tell
 * of: a logger that cannot use its directory sends its lines to the container's log only, and a gateway whose
 * lock cannot be had is started without. Nothing that they print or leave is believed: the broker looks, as
 * the client user, whether the very process that s6 shows holds the lock that it holds where all is well. So
 * nobody can make the broker say that all is well, and a restarted broker knows the truth, too.
 */
enum log_trouble {
        LOG_UNKNOWN, /* not looked at yet, or too early to say */
        LOG_WELL,
        LOG_ERROR,     /* detail: errno */
        LOG_OWNER,     /* the directory, or what is in it, cannot be written; detail: the uid of its owner */
        LOG_READ_ONLY, /* the directory's file system is read-only */
        LOG_FULL,
        LOG_BUSY,   /* another process holds the lock; detail: its pid; 0: not to be seen */
        LOG_UNUSED, /* the directory is not used, but could be by now */
};

struct log_place {
        enum log_trouble trouble;
        int detail;
        bool held; /* the logger uses the directory all the same, and cannot go on for long */
};

/*
 * The locks by which a gateway, and its s6-log, say that they work as they should: each is held by that very
 * process, as only the kernel can say.
 */
struct volume_lock {
        int result; /* 0, or a negative errno: the lock could not be looked at */
        bool held;
        pid_t holder; /* 0: nobody, or a process that is not to be seen here */
};

struct volume_locks {
        int opened; /* of the volume: 0, or a negative errno, and then nothing else is set */
        struct volume_lock gateway;
        struct volume_lock log; /* of logs/gateways/PROFILE; result is that of the directory, if there was
                                   none to begin with */
        bool log_writable;  /* by the client user, going by owner and mode of the directory and of the lock */
        bool log_read_only; /* the directory's file system is read-only */
        bool log_full;      /* the directory's file system has no room for anybody but root */
        uid_t log_uid;      /* the owner of the directory, or of what in it cannot be written */
};

/* Judges where the logger writes. logger: its pid. age_msec: how long it has run. */
struct log_place locks_judge_log(const struct volume_locks *found, pid_t logger, int64_t age_msec);
/* Does the gateway, which has run for age_msec, run without its lock? */
bool locks_judge_gateway(const struct volume_locks *found, int64_t age_msec);

/* What is known of a logger and its gateway, and their pids; 0: it does not run. */
struct locks_known {
        enum log_trouble log;
        bool unlocked;
        pid_t log_pid;
        pid_t pid;
};

/* In how many milliseconds to look again, after so many looks: soon while it is too early to say, and now and
 * then while something is wrong; 0: there is no need. */
int64_t locks_delay_msec(const struct locks_known *known, unsigned looks);

/* Says to people what is wrong; empty where nothing is. */
void locks_describe_log(const struct log_place *log, char *text, size_t size);
extern const char locks_unlocked_text[];

#endif
