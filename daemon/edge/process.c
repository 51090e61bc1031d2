#include "daemon/edge/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

int process_start_time(pid_t pid, uint64_t *ticks)
{
        char line[1024];
        unsigned long long start = 0;
        char *at;

        FILE *file = open_file(pid, "stat");
        if (file == NULL)
                return -errno;
        at = fgets(line, sizeof line, file) == NULL ? NULL : strrchr(line, ')');
        fclose(file);
        /* Fields 3 to 22 are behind the command's name, which may hold anything. */
        if (at == NULL ||
            sscanf(at + 1,
                   " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                   "%llu",
                   &start) != 1)
                return -EBADMSG;
        *ticks = start;
        return 0;
}

bool process_look(pid_t pid, struct process_life *life)
{
        struct process_life found;
        char line[1024];
        char *at, state;
        bool ok = false;

        FILE *file = open_file(pid, "stat");
        if (file == NULL)
                return false;
        if (fgets(line, sizeof line, file) != NULL && (at = strrchr(line, ')')) != NULL)
                ok = sscanf(at + 1,
                            " %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                            &state, &found.group, &found.start) == 3 &&
                     state != 'Z' && state != 'X';
        fclose(file);
        if (ok)
                *life = found;
        return ok;
}

/* Not the owner of /proc/PID: that is root for a process that has made itself undumpable. */
bool process_is_users(pid_t pid, uid_t uid)
{
        char line[256];
        unsigned real, saved;
        bool found = false;

        FILE *file = open_file(pid, "status");
        if (file == NULL)
                return false;
        while (!found && fgets(line, sizeof line, file) != NULL)
                found = sscanf(line, "Uid: %u %*u %u", &real, &saved) == 2;
        fclose(file);
        return found && (real == uid || saved == uid);
}
