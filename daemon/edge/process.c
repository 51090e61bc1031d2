#include "daemon/edge/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

pid_t process_holding(int at, const char *path)
{
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        int fd = openat(at, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        int r = fcntl(fd, F_GETLK, &lock) < 0 ? -errno : 0;
        close(fd);
        if (r < 0)
                return r;
        return lock.l_type == F_UNLCK || lock.l_pid < 0 ? 0 : lock.l_pid;
}

static FILE *open_file(pid_t pid, const char *name)
{
        char path[64];

        snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
        return fopen(path, "re");
}

int process_read(pid_t pid, struct process *process)
{
        char line[256];
        struct process found = {0};
        bool has_uid = false, has_capabilities = false;

        FILE *file = open_file(pid, "status");
        if (file == NULL)
                return -errno;
        while (fgets(line, sizeof line, file) != NULL) {
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
 * The first bytes of a file of /proc/PID, with a NUL behind them: what is looked for is in there. Without stdio,
 * whose lock a thread that is not running might hold. 0 or a negative errno, -ESRCH for a process that is gone.
 */
static int read_beginning(pid_t pid, const char *name, char *bytes, size_t size)
{
        char path[64];
        size_t length = 0;

        snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        int r = 0;
        while (length < size - 1) {
                ssize_t n = read(fd, bytes + length, size - 1 - length);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        r = -errno;
                if (n <= 0)
                        break;
                length += (size_t)n;
        }
        bytes[length] = '\0';
        close(fd);
        return r;
}

int process_variable(pid_t pid, const char *name, char **value)
{
        char *entry = NULL;
        size_t size = 0;
        size_t length = strlen(name);
        int r = -ENOENT;

        FILE *file = open_file(pid, "environ");
        if (file == NULL)
                return -errno;
        while (r == -ENOENT && getdelim(&entry, &size, '\0', file) >= 0) {
                if (strncmp(entry, name, length) != 0 || entry[length] != '=')
                        continue;
                *value = strdup(entry + length + 1);
                r = *value == NULL ? -ENOMEM : 0;
        }
        if (r == -ENOENT && ferror(file))
                r = -EIO;
        free(entry);
        fclose(file);
        return r;
}

int process_look(pid_t pid, struct process_life *life)
{
        struct process_life found;
        char line[1024];
        char state;

        int r = read_beginning(pid, "stat", line, sizeof line);
        if (r < 0)
                return r;
        /* Fields 3 to 22 are behind the command's name, which may hold anything. */
        const char *at = strrchr(line, ')');
        if (at == NULL ||
            sscanf(at + 1,
                   " %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                   &state, &found.group, &found.start) != 3)
                return -EBADMSG;
        if (state == 'Z' || state == 'X')
                return -ESRCH;
        *life = found;
        return 0;
}

enum process_state process_state(pid_t pid)
{
        char line[1024];
        char state;
        long threads;

        int r = read_beginning(pid, "stat", line, sizeof line);
        if (r == -ESRCH && kill(pid, 0) < 0 && errno == ESRCH)
                return PROCESS_STATE_ENDED;
        const char *at = r < 0 ? NULL : strrchr(line, ')');
        if (at == NULL || sscanf(at + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld",
                                 &state, &threads) != 2)
                return PROCESS_STATE_OTHER;
        if (state == 'T')
                return PROCESS_STATE_STOPPED;
        /* Others of its threads may live on. */
        return (state == 'Z' || state == 'X') && threads <= 1 ? PROCESS_STATE_ENDED : PROCESS_STATE_OTHER;
}

int process_start_time(pid_t pid, uint64_t *ticks)
{
        struct process_life life;

        int r = process_look(pid, &life);
        if (r == 0)
                *ticks = life.start;
        return r;
}

/* Not the owner of /proc/PID: that is root for a process that has made itself undumpable. */
int process_is_users(pid_t pid, uid_t uid)
{
        char text[1024];
        unsigned real, saved;

        int r = read_beginning(pid, "status", text, sizeof text);
        if (r < 0)
                return r;
        /* What stands before it, the command's name, has its newlines escaped by the kernel. */
        const char *at = strstr(text, "\nUid:");
        if (at == NULL || sscanf(at, "\nUid: %u %*u %u", &real, &saved) != 2)
                return -EBADMSG;
        return real == uid || saved == uid;
}
