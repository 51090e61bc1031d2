#include "daemon/edge/groups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LOOK_AGAIN_MSEC 20

size_t groups_read(int at, const char *name, uid_t uid, struct groups *groups)
{
        char path[512];
        int fd;
        FILE *file;

        *groups = (struct groups){.uid = uid};
        snprintf(path, sizeof(path), "%s/data/pgid", name);
        fd = openat(at, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        file = fd < 0 ? NULL : fdopen(fd, "r");
        if (!file)
                return 0;
        while (groups->count < GROUPS_MAX) {
                struct group_mark *mark = &groups->marks[groups->count];
                int pid;

                if (fscanf(file, "%d:%llu\n", &pid, &mark->start) != 2 || pid <= 1)
                        break;
                mark->pid = pid;
                groups->count++;
        }
        fclose(file);
        return groups->count;
}

/* The process group and start time of a process; false: it is gone, or a zombie. */
static bool process_look(pid_t pid, pid_t *group, unsigned long long *start)
{
        char path[64], line[1024];
        char *at, state;
        FILE *file;
        bool ok = false;

        snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        file = fopen(path, "re");
        if (!file)
                return false;
        if (fgets(line, sizeof(line), file) && (at = strrchr(line, ')')))
                ok = sscanf(at + 1,
                            " %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                            &state, group, start) == 3 &&
                     state != 'Z' && state != 'X';
        fclose(file);
        return ok;
}

static bool process_is_users(pid_t pid, uid_t uid)
{
        char path[64];
        struct stat info;

        snprintf(path, sizeof(path), "/proc/%d", (int)pid);
        return stat(path, &info) == 0 && info.st_uid == uid;
}

/* A group lives on under its leader's number after the leader's end; a leader with another start time is
 * another group's. */
static bool groups_contain(const struct groups *groups, pid_t pid)
{
        pid_t group, leader_group;
        unsigned long long start, leader_start;

        if (!process_look(pid, &group, &start) || !process_is_users(pid, groups->uid))
                return false;
        for (size_t i = 0; i < groups->count; i++) {
                if (group != groups->marks[i].pid)
                        continue;
                return !process_look(group, &leader_group, &leader_start) ||
                       leader_start == groups->marks[i].start;
        }
        return false;
}

/* Returns how many there were. */
static unsigned groups_signal(const struct groups *groups, int number)
{
        DIR *directory = opendir("/proc");
        unsigned count = 0;

        if (!directory)
                return 0;
        for (struct dirent *entry; (entry = readdir(directory));) {
                pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
                int fd;

                if (pid <= 1 || !groups_contain(groups, pid))
                        continue;
                count++;
                fd = (int)syscall(SYS_pidfd_open, pid, 0);
                if (fd < 0)
                        continue;
                if (groups_contain(groups, pid))
                        syscall(SYS_pidfd_send_signal, fd, number, NULL, 0);
                close(fd);
        }
        closedir(directory);
        return count;
}

bool groups_kill(const struct groups *groups, int msec)
{
        const struct timespec pause = {.tv_nsec = LOOK_AGAIN_MSEC * 1000000L};

        for (int waited = 0;; waited += LOOK_AGAIN_MSEC) {
                if (!groups_signal(groups, SIGKILL))
                        return true;
                if (waited >= msec)
                        return false;
                nanosleep(&pause, NULL);
        }
}
