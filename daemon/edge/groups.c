/* SPDX-License-Identifier: ISC */
#include "daemon/edge/groups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "daemon/loop/identity.h"
#include "daemon/edge/process.h"

static bool is_none(int error)
{
        return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

int groups_read(int at, const char *name, uid_t uid, struct groups *groups)
{
        char path[S6_PATH_BYTES];
        int fd;
        FILE *file;

        *groups = (struct groups){.uid = uid};
        snprintf(path, sizeof(path), "%s/data/pgid", name);
        fd = openat(at, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
                return is_none(errno) ? 0 : -errno;
        file = fdopen(fd, "r");
        if (!file) {
                close(fd);
                return -ENOMEM;
        }
        while (groups->count < GROUPS_NOTED) {
                struct group_mark *mark = &groups->marks[groups->count];
                int pid;

                if (fscanf(file, "%d:%llu\n", &pid, &mark->start) != 2 || pid <= 1)
                        break;
                mark->pid = pid;
                groups->count++;
        }
        fclose(file);
        return (int)groups->count;
}

/* Is the process in one of the groups? A group lives on under its leader's number after the leader's end; a
 * leader with another start time is another group's. 1 yes, 0 no, or a negative errno: nobody knows. */
static int groups_contain(const struct groups *groups, pid_t pid)
{
        struct process_life process, leader;
        int result = process_look(pid, &process);

        if (result == 0)
                result = process_is_users(pid, groups->uid);
        for (size_t i = 0; result == 1 && i < groups->count; i++) {
                if (process.group != groups->marks[i].pid)
                        continue;
                result = process_look(process.group, &leader);
                if (result == 0)
                        return leader.start == groups->marks[i].start;
                return result == -ESRCH ? 1 : result;
        }
        return result == 1 || result == -ESRCH ? 0 : result;
}

/* Signals one process. Once its pidfd is open the process is looked at again, since the number may be
 * another one's by now. 0, also where the process is gone by now, or a negative errno. */
static int signal_one(const struct groups *groups, pid_t pid, int number)
{
        int fd = (int)syscall(SYS_pidfd_open, pid, 0);
        int result = 0;

        if (fd < 0 && errno != ENOSYS && errno != EPERM)
                return errno == ESRCH ? 0 : -errno;
        if (groups_contain(groups, pid) == 1)
                result = identity_signal(groups->uid, fd, pid, number);
        if (fd >= 0)
                close(fd);
        return result == -ESRCH ? 0 : result;
}

/* Signals all processes in the groups. Returns how many there were, or may have been: what cannot be looked
 * at for a passing reason is not gone. *problem: the negative errno of one that was not signalled; untouched
 * where all were. */
static unsigned groups_signal(const struct groups *groups, int number, int *problem)
{
        DIR *directory = opendir("/proc");
        unsigned count = 0;

        if (!directory) {
                *problem = -errno;
                return 1;
        }
        for (struct dirent *entry; (entry = readdir(directory));) {
                pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
                int contains = pid > 1 ? groups_contain(groups, pid) : 0;
                int result = contains == 1 ? signal_one(groups, pid, number) : contains;

                count += contains != 0;
                if (result < 0)
                        *problem = result;
        }
        closedir(directory);
        return count;
}

int groups_end(const struct groups *groups)
{
        int problem = 0;
        unsigned count = groups_signal(groups, SIGTERM, &problem);

        if (count) /* a process that is stopped would not see the TERM */
                groups_signal(groups, SIGCONT, &problem);
        return problem ?: (int)count;
}

bool groups_kill(const struct groups *groups, int msec)
{
        const struct timespec pause = {.tv_nsec = GROUPS_AGAIN_MSEC * 1000000L};

        for (int waited = 0, problem;; waited += GROUPS_AGAIN_MSEC) {
                if (!groups_signal(groups, SIGKILL, &problem))
                        return true;
                if (waited >= msec)
                        return false;
                nanosleep(&pause, NULL);
        }
}
