#include "daemon/edge/run_signal.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/edge/process.h"

void run_mark_close(struct run_mark *mark)
{
        if (mark->pidfd >= 0)
                close(mark->pidfd);
        mark->pidfd = -1;
}

/*
 * s6-supervise gives the number back (by waiting for the process) before it writes that the run is over. So
 * the status is read again behind the taking of the mark.
 */
int run_mark_open(int at, const char *name, const struct s6_status *status, struct run_mark *mark)
{
        struct run_mark taken = {.pid = status->pid};
        struct process_life process;
        struct s6_status now;
        int result;

        if (status->pid <= 1 || status->finishing)
                return -ESRCH;
        taken.pidfd = (int)syscall(SYS_pidfd_open, status->pid, 0);
        if (!process_look(status->pid, &process)) {
                run_mark_close(&taken);
                return -ESRCH;
        }
        taken.start = process.start;
        result = s6_status_read(at, name, &now);
        if (result == 0 && (now.pid != status->pid || now.since_usec != status->since_usec || now.finishing))
                result = -ESRCH;
        if (result)
                run_mark_close(&taken);
        else
                *mark = taken;
        return result;
}

/* The deputy's real uid is root's, so it might signal others than the client's processes: it must not. */
enum run_signal run_signal_send(const struct run_mark *mark, uid_t uid, const int *signals, size_t count)
{
        struct process_life process;
        bool users = process_is_users(mark->pid, uid);

        if (!process_look(mark->pid, &process) || process.start != mark->start)
                return RUN_OVER;
        if (!users)
                return RUN_NOT_YET;
        for (size_t i = 0; i < count; i++)
                if ((mark->pidfd >= 0 ? syscall(SYS_pidfd_send_signal, mark->pidfd, signals[i], NULL, 0)
                                      : kill(mark->pid, signals[i])) < 0)
                        return errno == ESRCH ? RUN_OVER : RUN_NOT_YET;
        return RUN_SIGNALLED;
}
