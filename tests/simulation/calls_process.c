/* SPDX-License-Identifier: ISC */
/* The broker's calls that are about processes, identities, time and what the system has. */
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"
#include "clients.h"
#include "s6.h"

#include "daemon/edge/rights.h"
#include "daemon/edge/seccomp.h"
#include "daemon/loop/watchdog.h"

#define BROKER_PID 3000000 /* and one more each life: no number of s6's */

/* Ours and the broker's code have each their own umask. */
#define OWN_MASK 022
static mode_t broker_mask = OWN_MASK;
static bool broker_masks; /* it has one of its own, and we change them */

void inside_begin(void)
{
        if (sim_inside)
                return;
        if (broker_masks)
                umask(broker_mask);
        sim_inside = true;
}

void inside_end(void)
{
        if (!sim_inside)
                return;
        sim_inside = false;
        if (broker_masks)
                broker_mask = umask(OWN_MASK);
}

pid_t __real_getpid(void);
pid_t __wrap_getpid(void);
pid_t __wrap_getpid(void)
{
        return sim_inside ? BROKER_PID + (pid_t)core->life : __real_getpid();
}

static int kill_one(pid_t pid, int number)
{
        bool inside = sim_inside;
        int result;

        inside_end();
        result = s6_kill(pid, number);
        if (inside)
                inside_begin();
        errno = result < 0 ? -result : errno;
        return result < 0 ? -1 : 0;
}

int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
        return sim_inside ? kill_one(pid, number) : __real_kill(pid, number);
}

static int open_process(pid_t pid)
{
        int fd;

        if (s6_has_process(pid) < 0) {
                errno = ESRCH;
                return -1;
        }
        errno = call_fails("pidfd_open", MAY_LACK_FD);
        if (errno)
                return -1;
        fd = eventfd(0, EFD_CLOEXEC);
        descriptor_is_pid(fd, pid);
        return descriptor_opened(fd);
}

static struct __user_cap_data_struct capabilities[_LINUX_CAPABILITY_U32S_3];
static long files_uid, files_gid;

static long exchange(long *kept, long wanted)
{
        long before = *kept;

        if (wanted != -1 && wanted != (long)(uint32_t)-1)
                *kept = wanted;
        return before;
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
        const struct open_how *how = NULL;
        long a[6];
        va_list arguments;

        va_start(arguments, number);
        for (int i = 0; i < 6; i++)
                a[i] = va_arg(arguments, long);
        va_end(arguments);
        if (!sim_inside)
                return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
        switch (number) {
        case SYS_openat2:
                company->on_path((const char *)a[1]);
                how = (const struct open_how *)a[2];
                errno = call_fails("openat2", file_opens((int)how->flags));
                break;
        case SYS_faccessat2:
                errno = call_fails("faccessat2", 0);
                break;
        case SYS_pidfd_open:
                return open_process((pid_t)a[0]);
        case SYS_pidfd_send_signal:
                return kill_one(descriptor_pid((int)a[0]), (int)a[1]);
        case SYS_kill:
                return kill_one((pid_t)a[0], (int)a[1]);
        case SYS_geteuid:
        case SYS_setresuid:
        case SYS_setgroups:
        case SYS_getgroups:
                return 0;
        case SYS_setfsuid:
                return exchange(&files_uid, a[0]);
        case SYS_setfsgid:
                return exchange(&files_gid, a[0]);
        case SYS_capset:
                memcpy(capabilities, (void *)a[1], sizeof(capabilities));
                return 0;
        case SYS_capget:
                memcpy((void *)a[1], capabilities, sizeof(capabilities));
                return 0;
        default:
                sim_violation("simulator", "system call %ld is not known here", number);
        }
        if (errno)
                return -1;
        return number == SYS_openat2
                       ? file_opened((int)__real_syscall(number, a[0], a[1], a[2], a[3]), (int)how->flags)
                       : __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Who holds a lock: a process of the world's. */
static int ask_lock(int fd, struct flock *lock)
{
        struct stat found;
        pid_t holder;

        if (fstat(fd, &found) < 0)
                return -1;
        holder = s6_lock_holder(found.st_dev, found.st_ino);
        lock->l_type = holder ? F_WRLCK : F_UNLCK;
        lock->l_pid = holder < 0 ? 0 : holder;
        return 0;
}

#define FCNTL(name)                                                                                          \
        int __real_##name(int fd, int command, ...);                                                         \
        int __wrap_##name(int fd, int command, ...);                                                         \
        int __wrap_##name(int fd, int command, ...)                                                          \
        {                                                                                                    \
                va_list arguments;                                                                           \
                void *argument;                                                                              \
                                                                                                             \
                va_start(arguments, command);                                                                \
                argument = va_arg(arguments, void *);                                                        \
                va_end(arguments);                                                                           \
                if (sim_inside && (command == F_GETLK || command == F_OFD_GETLK))                            \
                        return ask_lock(fd, argument);                                                       \
                return __real_##name(fd, command, argument);                                                 \
        }
FCNTL(fcntl)
FCNTL(fcntl64)

/* Whom it is: a client says by its connection. */
int __real_getsockopt(int fd, int level, int option, void *value, socklen_t *length);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *length);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *length)
{
        if (sim_inside && level == SOL_SOCKET && option == SO_PEERCRED) {
                *length = sizeof(struct ucred);
                if (company->identity(fd, value))
                        return 0;
        }
        return __real_getsockopt(fd, level, option, value, length);
}

/* SO_PASSRIGHTS is there, so that no thread is needed to close what comes in; other kernels have tests of their own. */
int __real_setsockopt(int fd, int level, int option, const void *value, socklen_t length);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t length);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
        return sim_inside ? 0 : __real_setsockopt(fd, level, option, value, length);
}

CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol), MAY_LACK_FD)
CALL(int, accept4, (int fd, struct sockaddr *address, socklen_t *length, int flags),
     (fd, address, length, flags), MAY_LACK_FD | MAY_KILL)
CALL(int, bind, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length),
     MAY_KILL | MAY_FILL)
CALL(ssize_t, send, (int fd, const void *bytes, size_t length, int flags), (fd, bytes, length, flags),
     MAY_KILL)
CALL(int, eventfd, (unsigned value, int flags), (value, flags), MAY_LACK_FD)
CALL(int, flock, (int fd, int operation), (fd, operation), MAY_KILL)

time_t __real_time(time_t *where);
time_t __wrap_time(time_t *where);
time_t __wrap_time(time_t *where)
{
        time_t now = sim_inside ? (time_t)(sim_utc_usec() / 1000000) : __real_time(NULL);

        if (where)
                *where = now;
        return now;
}

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
        int64_t usec;

        if (!sim_inside)
                return __real_clock_gettime(clock, now);
        usec = clock == CLOCK_REALTIME ? sim_utc_usec() : sim_now_usec();
        *now = (struct timespec){usec / 1000000, usec % 1000000 * 1000};
        return 0;
}

int __real_nanosleep(const struct timespec *pause, struct timespec *left);
int __wrap_nanosleep(const struct timespec *pause, struct timespec *left);
int __wrap_nanosleep(const struct timespec *pause, struct timespec *left)
{
        if (!sim_inside)
                return __real_nanosleep(pause, left);
        worker_sleep((int64_t)pause->tv_sec * 1000000 + pause->tv_nsec / 1000);
        return 0;
}

int __wrap_pthread_tryjoin_np(unsigned long thread, void **result);
int __wrap_pthread_tryjoin_np(unsigned long thread, void **result)
{
        bool ended;

        (void)result;
        inside_end();
        ended = workers_end(thread);
        inside_begin();
        return ended ? 0 : EBUSY;
}

/* Of nothing: a pause. */
int __real_poll(struct pollfd *asked, nfds_t count, int msec);
int __wrap_poll(struct pollfd *asked, nfds_t count, int msec);
int __wrap_poll(struct pollfd *asked, nfds_t count, int msec)
{
        if (!sim_inside || count)
                return __real_poll(asked, count, msec);
        worker_sleep((int64_t)msec * 1000);
        return 0;
}

int __real_getrlimit64(int resource, struct rlimit *limit);
int __wrap_getrlimit64(int resource, struct rlimit *limit);
int __wrap_getrlimit64(int resource, struct rlimit *limit)
{
        if (!sim_inside)
                return __real_getrlimit64(resource, limit);
        *limit = (struct rlimit){1024, 4096};
        return 0;
}

/* A container's: what the process gives up, and keeps, has tests of its own. */
int __wrap_rights_begin(unsigned files);
int __wrap_rights_begin(unsigned files)
{
        (void)files;
        umask(077);
        broker_masks = true;
        return 0;
}

int __wrap_rights_drop(struct rights *rights);
int __wrap_rights_drop(struct rights *rights)
{
        *rights = (struct rights){
                .root = true, .can_switch = true, .bounding_shrunk = true, .supervisor_kills = true};
        return 0;
}

void __wrap_seccomp_begin(struct seccomp *seccomp, enum seccomp_mode mode);
void __wrap_seccomp_begin(struct seccomp *seccomp, enum seccomp_mode mode)
{
        *seccomp = (struct seccomp){.mode = mode};
}

void __wrap_seccomp_settle(struct seccomp *seccomp);
void __wrap_seccomp_settle(struct seccomp *seccomp)
{
        (void)seccomp;
}

bool __wrap_rights_group_begin(unsigned gid);
bool __wrap_rights_group_begin(unsigned gid)
{
        (void)gid;
        return true;
}

void __wrap_rights_group_end(void);
void __wrap_rights_group_end(void)
{
}

int watchdog_start(struct watchdog *watchdog, uv_loop_t *loop, int64_t limit_msec)
{
        (void)watchdog;
        (void)loop;
        (void)limit_msec;
        return 0;
}

void watchdog_stop(struct watchdog *watchdog)
{
        (void)watchdog;
}

uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void)
{
        return 0;
}

gid_t __wrap_getegid(void);
gid_t __wrap_getegid(void)
{
        return 0;
}

struct passwd *__wrap_getpwnam(const char *name);
struct passwd *__wrap_getpwnam(const char *name)
{
        static struct passwd hermes = {
                .pw_name = (char *)"hermes", .pw_uid = CLIENTS_UID, .pw_gid = CLIENTS_UID};

        return strcmp(name, hermes.pw_name) == 0 ? &hermes : NULL;
}

int __wrap_rights_look_at_root_group(const char *user, unsigned gid, bool *shared);
int __wrap_rights_look_at_root_group(const char *user, unsigned gid, bool *shared)
{
        (void)user;
        (void)gid;
        *shared = false;
        return 0;
}
