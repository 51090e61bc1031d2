/* SPDX-License-Identifier: ISC */
#include "daemon/judge/locks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/bounds.h"
#include "proto/sysname.h"

const char locks_unlocked_text[] = "it runs without its lock on the volume, so that another container could "
                                   "start it too: its log says why";

struct log_place locks_judge_log(const struct volume_locks *found, pid_t logger, int64_t age_msec)
{
        const struct log_place unknown = {.trouble = LOG_UNKNOWN};
        const struct volume_lock *lock = &found->log;
        bool early = age_msec < LOCKS_GRACE_MSEC;
        bool held = lock->result == 0 && lock->held && lock->holder == logger;

        if (found->opened || logger <= 0)
                return unknown;
        /* A file that is open stays usable, whoever owns it now, and however its file system is mounted. */
        if (held)
                return (struct log_place){.trouble = found->log_full ? LOG_FULL : LOG_WELL,
                                          .held = found->log_full};
        if (lock->result == -ENOENT && early) /* the logger is about to make it */
                return unknown;
        if (found->log_read_only)
                return (struct log_place){.trouble = LOG_READ_ONLY};
        if (lock->result == 0 && !found->log_writable)
                return (struct log_place){.trouble = LOG_OWNER, .detail = (int)found->log_uid};
        if (lock->result)
                return (struct log_place){.trouble = LOG_ERROR, .detail = -lock->result};
        if (early)
                return unknown;
        if (lock->held)
                return (struct log_place){.trouble = LOG_BUSY, .detail = lock->holder};
        return (struct log_place){.trouble = found->log_full ? LOG_FULL : LOG_UNUSED};
}

bool locks_judge_gateway(const struct volume_locks *found, int64_t age_msec)
{
        const struct volume_lock *lock = &found->gateway;

        if (found->opened || (lock->result == 0 && lock->held))
                return false;
        /* A lock that may still come is waited for; any other error will not pass by waiting. */
        return age_msec >= LOCKS_GRACE_MSEC || (lock->result && lock->result != -ENOENT);
}

int64_t locks_delay_msec(const struct locks_known *known, unsigned looks)
{
        bool well = known->log == LOG_WELL || (known->log == LOG_UNKNOWN && !known->log_pid);
        int64_t delay_msec = LOCKS_FIRST_MSEC;

        /* Where all is well, looks go on until the gateway is old enough for its lock to be judged. */
        if (well && !known->unlocked && (!known->pid || looks + 1 > LOCKS_LOOKS))
                return 0;
        for (unsigned i = 0; i < looks && delay_msec < LOCKS_AGAIN_MSEC; i++)
                delay_msec *= 2;
        return delay_msec < LOCKS_AGAIN_MSEC ? delay_msec : LOCKS_AGAIN_MSEC;
}

void locks_describe_log(const struct log_place *log, char *text, size_t size)
{
        char why[96] = "";

        text[0] = 0;
        switch (log->trouble) {
        case LOG_UNKNOWN:
        case LOG_WELL:
                return;
        case LOG_ERROR:
                snprintf(why, sizeof(why), "%s", sysname_error_words(log->detail));
                break;
        case LOG_OWNER:
                snprintf(why, sizeof(why), "it or its lock is uid %u's, and cannot be written",
                         (unsigned)log->detail);
                break;
        case LOG_READ_ONLY:
                snprintf(why, sizeof(why), "%s", sysname_error_words(EROFS));
                break;
        case LOG_FULL:
                snprintf(why, sizeof(why), "%s", sysname_error_words(ENOSPC));
                break;
        case LOG_BUSY:
                snprintf(why, sizeof(why), "another process holds its lock");
                if (log->detail)
                        snprintf(why, sizeof(why), "process %d holds its lock", log->detail);
                break;
        case LOG_UNUSED:
                snprintf(why, sizeof(why), "it could not at its start, and is about to try again");
                break;
        }
        snprintf(text, size, "its logger cannot write in its directory (%s): its lines %s", why,
                 log->held ? "wait, and in the end so does the gateway"
                           : "go to the container's "
                             "log only");
}
