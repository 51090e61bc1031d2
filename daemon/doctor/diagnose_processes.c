/* SPDX-License-Identifier: ISC */
#include "daemon/doctor/doctor.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/bounds.h"
#include "daemon/edge/cgroup.h"
#include "daemon/edge/oom.h"

/*
 * What keeps a process from being started, and is not the fault of what is to run: bounds of the container's
 * control groups, of the client user's processes (RLIMIT_NPROC, which holds once a gateway has dropped root's
 * rights), and of the kernel.
 */

struct process_walk {
        DIR *proc;
        unsigned long clients; /* threads of the client user's that can be seen */
};

void diagnose_processes_drop(struct doctor *doctor)
{
        if (doctor->processes && doctor->processes->proc)
                closedir(doctor->processes->proc);
        free(doctor->processes);
        doctor->processes = NULL;
}

/* Adds the threads of a process that is the client user's: the links of its task/, less that directory's own
 * two. */
static void count_process(const struct doctor *doctor, const char *pid)
{
        struct process_walk *walk = doctor->processes;
        char path[300];
        struct stat info;

        if (fstatat(dirfd(walk->proc), pid, &info, 0) < 0 || info.st_uid != doctor->server->access.client_uid)
                return;
        snprintf(path, sizeof(path), "%s/task", pid);
        if (fstatat(dirfd(walk->proc), path, &info, 0) == 0 && info.st_nlink > 2)
                walk->clients += info.st_nlink - 2;
}

/* The soft limit of processes that everything here was started with; 0: none, or not known. */
static unsigned long read_processes_most(void)
{
        static const char name[] = "Max processes";
        char line[256];
        unsigned long most = 0;
        FILE *file = fopen("/proc/1/limits", "re");

        if (!file)
                return 0;
        while (fgets(line, sizeof(line), file))
                if (strncmp(line, name, strlen(name)) == 0 && sscanf(line + strlen(name), "%lu", &most) != 1)
                        most = 0; /* unlimited */
        fclose(file);
        return most;
}

/* The number behind the character `behind` in the file's first line, or at the line's beginning ('\0'); 0:
 * none. */
static unsigned long read_kernels(const char *path, char behind)
{
        char line[128];
        const char *at = line;
        FILE *file = fopen(path, "re");

        if (!file)
                return 0;
        if (!fgets(line, sizeof(line), file))
                at = NULL;
        fclose(file);
        if (at && behind)
                at = strchr(at, behind);
        return at ? strtoul(at + (behind != '\0'), NULL, 10) : 0;
}

/* Tells that the group's limit is reached, or nearly. False: it is neither, and nothing was told. */
static bool tell_group(struct doctor *doctor, const struct cgroup_limit *limit)
{
        bool full = limit->used >= limit->most;

        if (limit->most == CGROUP_UNLIMITED || limit->used < limit->most - limit->most / 10)
                return false;
        doctor_check(doctor, "processes", full ? VERDICT_FAILURE : VERDICT_WARNING,
                     "end processes, or raise the container's limit of processes (docker and podman: "
                     "--pids-limit)",
                     "%s: pids.max is %s: %llu of %llu processes and threads; %s", limit->where,
                     full ? "reached" : "nearly reached", (unsigned long long)limit->used,
                     (unsigned long long)limit->most,
                     full ? "nothing can be started" : "few more can be started");
        return true;
}

static bool tell_clients(struct doctor *doctor, unsigned long most)
{
        unsigned long used = doctor->processes->clients;

        if (!most || doctor->server->access.client_uid == 0 || used < most - most / 10)
                return false;
        doctor_check(
                doctor, "processes", used >= most ? VERDICT_FAILURE : VERDICT_WARNING,
                "end processes, or raise the container's limit (docker and podman: --ulimit nproc=N)",
                "the client user has %lu of %lu processes and threads (RLIMIT_NPROC), and perhaps others "
                "that cannot be seen from here: beyond that limit no gateway can be started",
                used, most);
        return true;
}

static bool tell_kernel(struct doctor *doctor)
{
        unsigned long used = read_kernels("/proc/loadavg", '/');
        unsigned long most = read_kernels("/proc/sys/kernel/threads-max", '\0');
        unsigned long pids = read_kernels("/proc/sys/kernel/pid_max", '\0');

        if (pids && (!most || pids < most))
                most = pids;
        if (!most || used < most - most / 10)
                return false;
        doctor_check(doctor, "processes", VERDICT_WARNING,
                     "end processes, or raise kernel.threads-max and kernel.pid_max on the host",
                     "the machine has %lu of %lu processes and threads", used, most);
        return true;
}

static void tell_processes(struct doctor *doctor)
{
        unsigned long most = read_processes_most();
        struct cgroup_limit limit = {.most = CGROUP_UNLIMITED};
        int result = cgroup_read("", CGROUP_PIDS, &limit);
        char group[64] = "no limit of the container is visible", user[64] = "none of the client user";

        if (tell_group(doctor, &limit) || tell_clients(doctor, most) || tell_kernel(doctor))
                return;
        if (result == 0 && limit.most != CGROUP_UNLIMITED)
                snprintf(group, sizeof(group), "the container has %llu of %llu",
                         (unsigned long long)limit.used, (unsigned long long)limit.most);
        if (most)
                snprintf(user, sizeof(user), "the client user has %lu of %lu", doctor->processes->clients,
                         most);
        doctor_well(doctor, "processes", "%s, %s", group, user);
}

static const char *limit_text(const struct oom *oom, char buffer[32])
{
        if (!oom->limit_bytes)
                return "all that there is";
        snprintf(buffer, 32, "%" PRId64 " KiB", oom->limit_bytes / 1024);
        return buffer;
}

static void tell_memory(struct doctor *doctor)
{
        struct cgroup_limit limit = {.most = CGROUP_UNLIMITED};
        int result = cgroup_read("", CGROUP_MEMORY, &limit);
        struct oom oom;
        char buffer[32];
        uint64_t left = limit.most > limit.used ? limit.most - limit.used : 0;
        bool low = limit.most != CGROUP_UNLIMITED &&
                   left < (limit.most / MEMORY_GROUP_LOW_SHARE < MEMORY_GROUP_LOW_BYTES
                                   ? limit.most / MEMORY_GROUP_LOW_SHARE
                                   : MEMORY_GROUP_LOW_BYTES);

        if (oom_read(&oom) == 0 && oom.kills)
                doctor_check(doctor, "memory", VERDICT_WARNING,
                             "give the container more memory, or let fewer gateways run; svcctl why says "
                             "whose end that may have been",
                             "for want of memory, the kernel has killed %" PRId64
                             " of the container's processes; it may "
                             "have %s",
                             oom.kills, limit_text(&oom, buffer));
        else if (result || limit.most == CGROUP_UNLIMITED)
                doctor_well(doctor, "memory", "no limit of the container is visible");
        else
                doctor_check(doctor, "memory", low ? VERDICT_WARNING : VERDICT_OK,
                             "see what needs it, or raise the container's limit: beyond it the kernel kills "
                             "processes, and none can be started",
                             "%s: %llu of %llu KiB are in use, not counting what can be dropped", limit.where,
                             (unsigned long long)limit.used / 1024, (unsigned long long)limit.most / 1024);
}

bool diagnose_processes(struct doctor *doctor)
{
        struct process_walk *walk = doctor->processes;

        if (!walk) {
                walk = doctor->processes = calloc(1, sizeof(*walk));
                if (!walk) {
                        doctor_lacks_memory(doctor);
                        return true;
                }
                walk->proc = opendir("/proc");
        }
        for (unsigned i = 0; walk->proc && i < DIAGNOSE_PROCESSES; i++) {
                struct dirent *entry = readdir(walk->proc);

                if (!entry) {
                        closedir(walk->proc);
                        walk->proc = NULL;
                } else if (isdigit((unsigned char)entry->d_name[0])) {
                        count_process(doctor, entry->d_name);
                }
        }
        if (walk->proc)
                return false;
        tell_processes(doctor);
        tell_memory(doctor);
        diagnose_processes_drop(doctor);
        return true;
}
