/* SPDX-License-Identifier: ISC */
/* What befalls a call of the broker's. */
#include "calls.h"
#include "proto/sysname.h"
#include "s6.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a million, where the seed's rate is 100. */
#define KILL_RATE 200
#define DISK_RATE 300
#define DESCRIPTOR_RATE 500
#define MEMORY_RATE 300
#define FILES_MOST 4096

static pid_t pids[FILES_MOST];
static bool inotifies[FILES_MOST];
static bool files[FILES_MOST];  /* regular ones, to be written; others are on no disk */
static bool theirs[FILES_MOST]; /* opened by the broker's code, and not closed */

static int fault_of_volume(int may)
{
        if (!worker_is_the_volumes())
                return 0;
        if (may & CHANGES && core->volume_read_only_until_usec > core->now_usec)
                return EROFS;
        if (may & MAY_FILL && core->volume_full_until_usec > core->now_usec)
                return ENOSPC;
        return 0;
}

static int fault_of(int may)
{
        int error = fault_of_volume(may);

        if (error)
                return error;
        if (may & MAY_FILL && sim_fault(FAULT_DISK, DISK_RATE))
                return sim_below(4) ? ENOSPC : EDQUOT;
        if (may & MAY_BREAK && sim_fault(FAULT_DISK, DISK_RATE))
                return EIO;
        if (may & MAY_LACK_FD && sim_fault(FAULT_DESCRIPTORS, DESCRIPTOR_RATE))
                return sim_below(2) ? EMFILE : ENFILE;
        if (may & MAY_LACK_MEMORY && sim_fault(FAULT_MEMORY, MEMORY_RATE))
                return ENOMEM;
        return 0;
}

int call_fails(const char *name, unsigned kinds)
{
        int error;

        core->calls++;
        worker_call(name);
        if (kinds & MAY_KILL && sim_fault(FAULT_KILL, KILL_RATE)) {
                char why[64];

                snprintf(why, sizeof(why), "before %s", name);
                sim_broker_kill(why);
        }
        error = kinds ? fault_of((int)kinds) : 0;
        if (error) {
                core->faults_met++;
                core->volume_keeps =
                        core->volume_keeps || (worker_is_the_volumes() && strcmp(name, "unlinkat") == 0);
                sim_trace("fault: %s %s", name, sysname_error(error));
        }
        return error;
}

void call_is_done(const char *name)
{
        int error = errno;

        if (sim_fault(FAULT_KILL, KILL_RATE)) {
                char why[64];

                snprintf(why, sizeof(why), "behind %s", name);
                sim_broker_kill(why);
        }
        errno = error;
}

/* What a real broker finds in the system is found in the world. */
bool path_redirect(const char *path, char *other, size_t size)
{
        if (strncmp(path, "/proc", 5) != 0 && strncmp(path, "/sys/", 5) != 0 &&
            strncmp(path, "/run/s6", 7) != 0)
                return false;
        if (path[1] == 'p') {
                inside_end();
                s6_proc_refresh();
                inside_begin();
        }
        snprintf(other, size, "%s%s", sim_path, path);
        return true;
}

void descriptor_is_pid(int fd, pid_t pid)
{
        if (fd >= 0 && fd < FILES_MOST)
                pids[fd] = pid;
}

pid_t descriptor_pid(int fd)
{
        return fd >= 0 && fd < FILES_MOST ? pids[fd] : 0;
}

void descriptor_note_file(int fd)
{
        if (fd >= 0 && fd < FILES_MOST)
                files[fd] = true;
}

bool descriptor_is_file(int fd)
{
        return fd >= 0 && fd < FILES_MOST && files[fd];
}

void descriptor_note_inotify(int fd)
{
        if (fd >= 0 && fd < FILES_MOST)
                inotifies[fd] = true;
}

bool descriptor_is_inotify(int fd)
{
        return fd >= 0 && fd < FILES_MOST && inotifies[fd];
}

void descriptor_closed(int fd)
{
        if (fd < 0 || fd >= FILES_MOST)
                return;
        pids[fd] = 0;
        inotifies[fd] = theirs[fd] = files[fd] = false;
}

int descriptor_opened(int fd)
{
        if (fd >= 0 && fd < FILES_MOST)
                theirs[fd] = true;
        return fd;
}

unsigned descriptors_in_use(void)
{
        unsigned n = 0;

        for (int i = 0; i < FILES_MOST; i++)
                n += theirs[i];
        return n;
}
