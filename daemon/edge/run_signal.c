/* SPDX-License-Identifier: ISC */
#include "daemon/edge/run_signal.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/loop/identity.h"
#include "daemon/edge/process.h"

/*
 * s6-supervise gives the pid back (by waiting for the process) before it writes that the run is over. So the
 * status is read again after the mark is taken.
 */
int run_mark(int at, const char *name, const struct s6_status *status, struct run_mark *mark)
{
        unsigned long long birth;
        struct s6_status now;
        int result;

        if (status->pid <= 1 || status->finishing)
                return -ESRCH;
        result = process_birth(status->pid, &birth);
        if (result == 0)
                result = s6_status_read(at, name, &now);
        if (result == 0 && (now.pid != status->pid || now.since_usec != status->since_usec || now.finishing))
                result = -ESRCH;
        if (result == 0)
                *mark = (struct run_mark){status->pid, birth};
        return result;
}

static enum run_signal outcome_of(int result)
{
        return result == 0 ? RUN_SIGNALLED : result == -ESRCH ? RUN_OVER : RUN_NOT_YET;
}

/* Is the pid still that process's, and may the client signal it? The deputy's real uid is root's, so it might
 * signal others than the client's processes: it must not. 0, -ESRCH, or another negative errno. */
static int check(const struct run_mark *mark, uid_t uid)
{
        unsigned long long birth;
        int result = process_birth(mark->pid, &birth);

        if (result == 0 && birth != mark->birth)
                return -ESRCH;
        if (result == 0)
                result = process_is_users(mark->pid, uid);
        return result == 0 ? -EPERM : result < 0 ? result : 0;
}

enum run_signal run_signal_send(const struct run_mark *mark, uid_t uid, const int *signals, size_t count)
{
        int pidfd = (int)syscall(SYS_pidfd_open, mark->pid, 0);
        int result = pidfd < 0 ? -errno : 0;

        /* A kernel, or a sandbox, may have no pidfds. */
        if (result == -ENOSYS || result == -EPERM)
                result = 0;
        if (result == 0)
                result = check(mark, uid);
        for (size_t i = 0; result == 0 && i < count; i++)
                result = identity_signal(uid, pidfd, mark->pid, signals[i]);
        if (pidfd >= 0)
                close(pidfd);
        return outcome_of(result);
}
