/* SPDX-License-Identifier: ISC */
#include "daemon/loop/identity.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sets both sets of the calling thread, and reads them back. 0, or a negative errno; -EPERM: they differ. */
static int capabilities_set(uint32_t permitted, uint32_t effective)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{effective, permitted, 0}, {0, 0, 0}};
        struct __user_cap_data_struct found[_LINUX_CAPABILITY_U32S_3];

        memset(found, 0xff, sizeof(found)); /* what is not written by the kernel is not as it was set */
        if (syscall(SYS_capset, &header, sets) < 0 || syscall(SYS_capget, &header, found) < 0)
                return -errno;
        return memcmp(sets, found, sizeof(sets)) != 0 ? -EPERM : 0;
}

#define BIT(capability) (UINT32_C(1) << (capability))

int identity_become(uid_t uid, gid_t gid, bool signals)
{
        int result = capabilities_set(BIT(CAP_SETUID) | BIT(CAP_SETGID), BIT(CAP_SETUID) | BIT(CAP_SETGID));

        if (result)
                return result;
        if (syscall(SYS_setgroups, 0, NULL) < 0)
                return -errno;
        /* These two never fail visibly: they return the id of before, so a second call below asks. */
        syscall(SYS_setfsgid, gid);
        syscall(SYS_setfsuid, uid);
        result = capabilities_set(signals ? BIT(CAP_SETUID) : 0, 0);
        if (result)
                return result;
        if ((gid_t)syscall(SYS_setfsgid, -1) != gid || (uid_t)syscall(SYS_setfsuid, -1) != uid ||
            syscall(SYS_getgroups, 0, NULL) != 0)
                return -EPERM;
        return 0;
}

static int signal_send(int pidfd, pid_t pid, int number)
{
        long result = pidfd >= 0 ? syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0)
                                 : syscall(SYS_kill, pid, number);

        return result < 0 ? -errno : 0;
}

int identity_signal(uid_t uid, int pidfd, pid_t pid, int number)
{
        uid_t own = (uid_t)syscall(SYS_geteuid);
        uid_t files;
        int result;

        if (own == uid)
                return signal_send(pidfd, pid, number);
        files = (uid_t)syscall(SYS_setfsuid, -1);
        /* Where the uid cannot be changed, the kernel decides whether the signal may be sent without. */
        if (capabilities_set(BIT(CAP_SETUID), BIT(CAP_SETUID)) < 0 || syscall(SYS_setresuid, -1, uid, -1) < 0)
                return signal_send(pidfd, pid, number);
        result = signal_send(pidfd, pid, number);
        /*
         * Goes back, which it may, since the real uid is still root's. The kernel has made the file-system
         * uid follow the effective one, and filled the effective set from the permitted one. A thread that
         * cannot be what it was must not go on.
         */
        if (syscall(SYS_setresuid, -1, own, -1) < 0)
                abort();
        syscall(SYS_setfsuid, files);
        if ((uid_t)syscall(SYS_setfsuid, -1) != files || capabilities_set(BIT(CAP_SETUID), 0) < 0)
                abort();
        return result;
}

void schedule_read(struct schedule *schedule)
{
        *schedule = (struct schedule){0};
        schedule->policy = (int)syscall(SYS_sched_getscheduler, 0);
        schedule->nice = (int)syscall(SYS_getpriority, PRIO_PROCESS, 0);
        syscall(SYS_sched_getaffinity, 0, sizeof(schedule->cores), schedule->cores);
}

bool schedule_is(const struct schedule *schedule)
{
        struct schedule now;

        schedule_read(&now);
        return now.policy == schedule->policy && now.nice == schedule->nice &&
               memcmp(now.cores, schedule->cores, sizeof(now.cores)) == 0;
}
