/* SPDX-License-Identifier: ISC */
#include "daemon/edge/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "daemon/bounds.h"

/* The file system that pidfds are of, from Linux 6.9 on (linux/magic.h: PID_FS_MAGIC). */
#define PIDFS 0x50494446

pid_t process_holding(int at, const char *path)
{
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = openat(at, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        int result;

        if (fd < 0)
                return -errno;
        result = fcntl(fd, F_GETLK, &lock) < 0 ? -errno : 0;
        close(fd);
        if (result < 0)
                return result;
        return lock.l_type == F_UNLCK || lock.l_pid < 0 ? 0 : lock.l_pid;
}

static FILE *open_file(pid_t pid, const char *name)
{
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
        return fopen(path, "re");
}

int64_t process_resident_bytes(void)
{
        FILE *file = fopen("/proc/self/statm", "re");
        int64_t pages = -1;

        if (!file)
                return -errno;
        if (fscanf(file, "%*s %" SCNd64, &pages) != 1)
                pages = -1;
        fclose(file);
        return pages < 0 ? -EBADMSG : pages * sysconf(_SC_PAGESIZE);
}

int process_read(pid_t pid, struct process *process)
{
        char line[PROC_LINE_BYTES];
        struct process found = {0};
        bool has_uid = false, has_capabilities = false;
        FILE *file = open_file(pid, "status");

        if (!file)
                return -errno;
        while (fgets(line, sizeof(line), file)) {
                if (sscanf(line, "Uid: %*u %u", &found.uid) == 1)
                        has_uid = true;
                else if (sscanf(line, "CapEff: %" SCNx64, &found.effective) == 1)
                        has_capabilities = true;
        }
        fclose(file);
        if (!has_uid || !has_capabilities)
                return -EBADMSG;
        *process = found;
        return 0;
}

/*
 * Reads the first bytes of a file of /proc/PID, with a NUL behind them: what is looked for is in there.
 * Without stdio, whose lock a thread that is not running might hold. 0 or a negative errno, -ESRCH for a
 * process that is gone.
 */
static int read_beginning(pid_t pid, const char *name, char *bytes, size_t size)
{
        char path[64];
        size_t length = 0;
        int fd, result = 0;

        snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        while (length < size - 1) {
                size_t left = size - 1 - length;
                ssize_t n = read(fd, bytes + length, left);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        result = -errno;
                if (n <= 0)
                        break;
                length += (size_t)n;
                if ((size_t)n < left) /* such a file is made at once, and that was all of it */
                        break;
        }
        bytes[length] = '\0';
        close(fd);
        return result;
}

int process_name(pid_t pid, char *name)
{
        char read[PROC_COMM_BYTES];
        int result = read_beginning(pid, "comm", read, sizeof(read));
        char *end;

        if (result)
                return result;
        end = strrchr(read, '\n'); /* the name may have newlines, too */
        if (end)
                *end = '\0';
        strcpy(name, read);
        return 0;
}

int process_variable(pid_t pid, const char *name, char **value)
{
        char *entry = NULL;
        size_t size = 0;
        size_t length = strlen(name);
        int result = -ENOENT;
        FILE *file = open_file(pid, "environ");

        if (!file)
                return -errno;
        while (result == -ENOENT && getdelim(&entry, &size, '\0', file) >= 0) {
                if (strncmp(entry, name, length) != 0 || entry[length] != '=')
                        continue;
                *value = strdup(entry + length + 1);
                result = *value ? 0 : -ENOMEM;
        }
        if (result == -ENOENT && ferror(file))
                result = -EIO;
        free(entry);
        fclose(file);
        return result;
}

int process_look(pid_t pid, struct process_life *life)
{
        struct process_life found;
        char line[PROC_STAT_BYTES];
        char state;
        int result = read_beginning(pid, "stat", line, sizeof(line));
        const char *at;

        if (result < 0)
                return result;
        /* Fields 3 to 22 are behind the command's name, which may hold anything. */
        at = strrchr(line, ')');
        if (!at ||
            sscanf(at + 1, " %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                   &state, &found.group, &found.start) != 3)
                return -EBADMSG;
        if (state == 'Z' || state == 'X')
                return -ESRCH;
        *life = found;
        return 0;
}

/* What the line `name` (with its colon) says, of the text of /proc/PID/status; or NULL. */
static const char *status_line(const char *text, const char *name)
{
        const char *at = strstr(text, name);

        /* What stands before it, the command's name, has its newlines escaped by the kernel. */
        while (at && at != text && at[-1] != '\n')
                at = strstr(at + 1, name);
        return at ? at + strlen(name) : NULL;
}

/* From "status", since "stat" is held up by a process that is in the middle of an exec. */
enum process_state process_state(pid_t pid)
{
        char text[PROC_STATUS_BYTES];
        char state;
        long threads;
        int result = read_beginning(pid, "status", text, sizeof(text));
        const char *says;
        const char *counts;

        if (result == -ESRCH && kill(pid, 0) < 0 && errno == ESRCH)
                return PROCESS_STATE_ENDED;
        says = result < 0 ? NULL : status_line(text, "State:");
        counts = result < 0 ? NULL : status_line(text, "Threads:");
        if (!says || sscanf(says, " %c", &state) != 1)
                return PROCESS_STATE_OTHER;
        if (state == 'T')
                return PROCESS_STATE_STOPPED;
        if (state != 'Z' && state != 'X')
                return PROCESS_STATE_OTHER;
        /* Others of its threads may live on. One that has been waited for meanwhile has no count. */
        if (counts && sscanf(counts, " %ld", &threads) == 1 && threads > 1)
                return PROCESS_STATE_OTHER;
        return PROCESS_STATE_ENDED;
}

int process_birth(pid_t pid, unsigned long long *birth)
{
        struct process_life life;
        struct statfs system;
        struct stat status;
        int fd = (int)syscall(SYS_pidfd_open, pid, 0);
        bool counted;
        int result;

        if (fd < 0 && errno == ESRCH)
                return -ESRCH;
        counted = fd >= 0 && fstatfs(fd, &system) == 0 && system.f_type == PIDFS && fstat(fd, &status) == 0;
        if (fd >= 0)
                close(fd);
        if (counted) {
                *birth = status.st_ino;
                return process_state(pid) == PROCESS_STATE_ENDED ? -ESRCH : 0;
        }
        result = process_look(pid, &life);
        if (result == 0)
                *birth = life.start;
        return result;
}

int process_start_time(pid_t pid, uint64_t *ticks)
{
        struct process_life life;
        int result = process_look(pid, &life);

        if (result == 0)
                *ticks = life.start;
        return result;
}

/* Reads three uids of a process. 0, or a negative errno, -ESRCH for a process that is gone. */
static int read_uids(pid_t pid, unsigned *real, unsigned *effective, unsigned *saved)
{
        char text[PROC_STATUS_BYTES];
        int result = read_beginning(pid, "status", text, sizeof(text));
        const char *at;

        if (result < 0)
                return result;
        at = status_line(text, "Uid:");
        return at && sscanf(at, " %u %u %u", real, effective, saved) == 3 ? 0 : -EBADMSG;
}

int process_is_only_users(pid_t pid, uid_t uid)
{
        unsigned real, effective, saved;
        int result = read_uids(pid, &real, &effective, &saved);

        return result < 0 ? result : real == uid && effective == uid && saved == uid;
}

/* Does not go by the owner of /proc/PID, which is root for a process that has made itself undumpable. */
int process_is_users(pid_t pid, uid_t uid)
{
        unsigned real, effective, saved;
        int result = read_uids(pid, &real, &effective, &saved);

        return result < 0 ? result : real == uid || saved == uid;
}
