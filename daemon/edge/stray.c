/* SPDX-License-Identifier: ISC */
#include "daemon/edge/stray.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/process.h"

#define SVSCAN_LOCK ".s6-svscan/lock"
#define SUPERVISE "s6-supervise"

static FILE *children_open(pid_t pid)
{
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
        return fopen(path, "re");
}

/* Has the process a child? Where the kernel does not tell of children none is known; what is done about a
 * stray then ends nothing either. */
static bool has_child(pid_t pid)
{
        FILE *file = children_open(pid);
        int child;
        bool found = file && fscanf(file, "%d", &child) == 1;

        if (file)
                fclose(file);
        return found;
}

/* Is the process an s6-supervise of ours? Anything else of root's, or of somebody else's, is not read
 * further: process.h says why. Nor is a program that is root's by its set-user-id bit, to which whoever began
 * it gave what name and argument they liked. */
static bool is_ours(pid_t pid)
{
        char path[64], comm[sizeof(SUPERVISE) + 1] = "";
        struct stat info;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%d", (int)pid);
        if (stat(path, &info) < 0 || info.st_uid != geteuid())
                return false;
        snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
        file = fopen(path, "re");
        if (!file)
                return false;
        if (!fgets(comm, sizeof(comm), file))
                comm[0] = 0;
        fclose(file);
        comm[strcspn(comm, "\n")] = 0;
        return strcmp(comm, SUPERVISE) == 0 && process_is_only_users(pid, geteuid()) == 1;
}

/* Reads the only argument of an s6-supervise, within words; NULL: it cannot be read. */
static const char *read_name(pid_t pid, char words[STRAY_WORDS_BYTES])
{
        char path[64];
        const char *argument;
        ssize_t length;
        int fd;

        snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return NULL;
        length = read(fd, words, STRAY_WORDS_BYTES - 1);
        close(fd);
        if (length <= 0)
                return NULL;
        words[length] = 0;
        argument = words + strlen(words) + 1;
        return argument < words + length ? argument : NULL;
}

int stray_each(int at, void (*found)(void *owner, const char *name, pid_t pid, bool busy), void *owner)
{
        pid_t svscan = process_holding(at, SVSCAN_LOCK);
        FILE *file = svscan > 0 ? children_open(svscan) : NULL;
        char words[STRAY_WORDS_BYTES];
        int pid;

        if (!file)
                return svscan < 0 ? svscan : -ENOENT;
        while (fscanf(file, "%d", &pid) == 1) {
                const char *name = is_ours(pid) ? read_name(pid, words) : NULL;

                if (name)
                        found(owner, name, pid, has_child(pid));
        }
        fclose(file);
        return 0;
}

int stray_dismiss(pid_t pid)
{
        return kill(pid, SIGHUP) < 0 ? -errno : 0;
}
