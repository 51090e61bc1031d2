/* SPDX-License-Identifier: ISC */
/* The broker's calls that are about files. */
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "calls.h"
#include "clients.h"

#define NOTED_MOST 1024

/* Made in this life, and when. What is older than the life is older than whatever it looks for. */
static struct {
        ino_t inode;
        int64_t utc_usec;
} made[NOTED_MOST];
static unsigned made_count;

void stat_note_made(int fd)
{
        struct stat found;

        if (fstat(fd, &found) == 0)
                made[made_count++ % NOTED_MOST] = (typeof(made[0])){found.st_ino, sim_utc_usec()};
}

void stat_adapt(struct stat *found)
{
        static int64_t old_usec;
        int64_t utc_usec;

        if (!old_usec)
                old_usec = sim_utc_usec() - INT64_C(86400000000);
        utc_usec = old_usec;
        for (unsigned i = 0; i < NOTED_MOST && i < made_count; i++)
                if (made[i].inode == found->st_ino)
                        utc_usec = made[i].utc_usec;
        found->st_mtim = (struct timespec){utc_usec / 1000000, utc_usec % 1000000 * 1000};
        found->st_ctim = found->st_mtim;
        static uid_t own_uid = (uid_t)-1;
        static gid_t own_gid;

        if (own_uid == (uid_t)-1) {
                own_uid = getuid();
                own_gid = getgid();
        }
        if (found->st_uid == own_uid)
                found->st_uid = 0;
        if (found->st_gid == own_gid)
                found->st_gid = 0;
}

#define OPENS(flags)                                                                                         \
        (MAY_LACK_FD | ((flags) & (O_CREAT | O_TRUNC) ? MAY_KILL | MAY_FILL | MAY_BREAK | CHANGES : 0) |     \
         (((flags)&O_ACCMODE) != O_RDONLY ? CHANGES : 0))

int file_opened(int fd, int flags)
{
        if (fd >= 0 && flags & O_CREAT)
                stat_note_made(fd);
        if (flags & (O_CREAT | O_APPEND | O_TRUNC))
                descriptor_note_file(fd);
        return descriptor_opened(fd);
}

/* A FIFO of s6's is on no file system that could be read-only. */
unsigned file_opens(int flags)
{
        return (unsigned)OPENS(flags);
}

#define OPEN(name)                                                                                           \
        int __real_##name(const char *path, int flags, ...);                                                 \
        int __wrap_##name(const char *path, int flags, ...);                                                 \
        int __wrap_##name(const char *path, int flags, ...)                                                  \
        {                                                                                                    \
                char other[PATH_MAX];                                                                        \
                va_list arguments;                                                                           \
                mode_t mode = 0;                                                                             \
                                                                                                             \
                va_start(arguments, flags);                                                                  \
                if (flags & O_CREAT)                                                                         \
                        mode = va_arg(arguments, mode_t);                                                    \
                va_end(arguments);                                                                           \
                if (!sim_inside)                                                                             \
                        return __real_##name(path, flags, mode);                                             \
                errno = call_fails("open", file_opens(flags));                                               \
                if (errno)                                                                                   \
                        return -1;                                                                           \
                if (path_redirect(path, other, sizeof(other)))                                               \
                        path = other;                                                                        \
                return file_opened(__real_##name(path, flags, mode), flags);                                 \
        }

#define OPENAT(name)                                                                                         \
        int __real_##name(int at, const char *path, int flags, ...);                                         \
        int __wrap_##name(int at, const char *path, int flags, ...);                                         \
        int __wrap_##name(int at, const char *path, int flags, ...)                                          \
        {                                                                                                    \
                va_list arguments;                                                                           \
                mode_t mode = 0;                                                                             \
                                                                                                             \
                va_start(arguments, flags);                                                                  \
                if (flags & O_CREAT)                                                                         \
                        mode = va_arg(arguments, mode_t);                                                    \
                va_end(arguments);                                                                           \
                if (!sim_inside)                                                                             \
                        return __real_##name(at, path, flags, mode);                                         \
                company->on_path(path);                                                                      \
                errno = call_fails("openat", file_opens(flags));                                             \
                if (errno)                                                                                   \
                        return -1;                                                                           \
                return file_opened(__real_##name(at, path, flags, mode), flags);                             \
        }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int __real___open64_2(const char *path, int flags);
int __wrap___open64_2(const char *path, int flags);
int __wrap___open64_2(const char *path, int flags)
{
        return __wrap_open64(path, flags);
}

int __real___openat64_2(int at, const char *path, int flags);
int __wrap___openat64_2(int at, const char *path, int flags);
int __wrap___openat64_2(int at, const char *path, int flags)
{
        return __wrap_openat64(at, path, flags);
}

#define FOPEN(name)                                                                                          \
        FILE *__real_##name(const char *path, const char *mode);                                             \
        FILE *__wrap_##name(const char *path, const char *mode);                                             \
        FILE *__wrap_##name(const char *path, const char *mode)                                              \
        {                                                                                                    \
                char other[PATH_MAX];                                                                        \
                                                                                                             \
                if (!sim_inside)                                                                             \
                        return __real_##name(path, mode);                                                    \
                errno = call_fails("fopen", MAY_LACK_FD | MAY_LACK_MEMORY);                                  \
                if (errno)                                                                                   \
                        return NULL;                                                                         \
                return __real_##name(path_redirect(path, other, sizeof(other)) ? other : path, mode);        \
        }
FOPEN(fopen)
FOPEN(fopen64)

CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), MAY_KILL | MAY_FILL | CHANGES)
CALL(int, mkdirat, (int at, const char *path, mode_t mode), (at, path, mode), MAY_KILL | MAY_FILL | CHANGES)
CALL(int, unlink, (const char *path), (path), MAY_KILL | CHANGES)
CALL(int, unlinkat, (int at, const char *path, int flags), (at, path, flags), MAY_KILL | MAY_BREAK | CHANGES)
CALL(int, symlinkat, (const char *target, int at, const char *path), (target, at, path),
     MAY_KILL | MAY_FILL | CHANGES)
CALL(int, linkat, (int from, const char *path, int to, const char *other, int flags),
     (from, path, to, other, flags), MAY_KILL | MAY_FILL | CHANGES)
CALL(int, renameat, (int from, const char *path, int to, const char *other), (from, path, to, other),
     MAY_KILL | MAY_FILL | MAY_BREAK | CHANGES)
CALL(int, renameat2, (int from, const char *path, int to, const char *other, unsigned flags),
     (from, path, to, other, flags), MAY_KILL | MAY_FILL | MAY_BREAK | CHANGES)
CALL(int, fchmod, (int fd, mode_t mode), (fd, mode), MAY_KILL | MAY_BREAK | CHANGES)
CALL(int, fchmodat, (int at, const char *path, mode_t mode, int flags), (at, path, mode, flags),
     MAY_KILL | CHANGES)
CALL(int, ftruncate64, (int fd, off_t length), (fd, length), MAY_KILL | MAY_BREAK | CHANGES)
CALL(int, fallocate64, (int fd, int mode, off_t offset, off_t length), (fd, mode, offset, length),
     MAY_FILL | CHANGES)
CALL_PATH(ssize_t, readlink, (const char *path, char *text, size_t size), (path, text, size), 0)
CALL(ssize_t, readlinkat, (int at, const char *path, char *text, size_t size), (at, path, text, size), 0)
CALL(ssize_t, pread64, (int fd, void *bytes, size_t size, off_t offset), (fd, bytes, size, offset), MAY_BREAK)

/* Synced is what is on the disk: power.c has what is not. */
#define SYNC(name)                                                                                           \
        int __real_##name(int fd);                                                                           \
        int __wrap_##name(int fd);                                                                           \
        int __wrap_##name(int fd)                                                                            \
        {                                                                                                    \
                int result;                                                                                  \
                                                                                                             \
                if (!sim_inside)                                                                             \
                        return __real_##name(fd);                                                            \
                errno = call_fails(#name, MAY_KILL | MAY_BREAK);                                             \
                if (errno)                                                                                   \
                        return -1;                                                                           \
                result = power_synced(fd, sizeof(#name) == sizeof("syncfs"));                                \
                call_is_done(#name);                                                                         \
                return result;                                                                               \
        }
SYNC(fsync)
SYNC(fdatasync)
SYNC(syncfs)

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
        ssize_t result;

        if (!sim_inside)
                return __real_write(fd, bytes, size);
        if (fd == STDERR_FILENO) {
                calls_log(bytes, size);
                return (ssize_t)size;
        }
        errno = call_fails("write",
                           descriptor_is_file(fd) ? MAY_KILL | MAY_FILL | MAY_BREAK | CHANGES : MAY_KILL);
        if (errno)
                return -1;
        result = __real_write(fd, bytes, size);
        call_is_done("write");
        return result;
}

ssize_t __real_read(int fd, void *bytes, size_t size);

/* The kernel's queue was full: all that was in it, and more, is lost. */
static ssize_t overflow(int fd, void *bytes, size_t size)
{
        const struct inotify_event event = {.wd = -1, .mask = IN_Q_OVERFLOW};
        ssize_t length;
        size_t lost = 0;

        while ((length = __real_read(fd, bytes, size)) > 0)
                lost += (size_t)length;
        if (!lost) {
                errno = EAGAIN;
                return -1;
        }
        sim_trace("fault: inotify overflow");
        memcpy(bytes, &event, sizeof(event));
        return sizeof(event);
}

ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
        if (!sim_inside)
                return __real_read(fd, bytes, size);
        if (descriptor_is_inotify(fd))
                return sim_fault(FAULT_INOTIFY, 5000) ? overflow(fd, bytes, size)
                                                      : __real_read(fd, bytes, size);
        errno = call_fails("read", worker_is_the_volumes() ? MAY_BREAK : 0);
        return errno ? -1 : __real_read(fd, bytes, size);
}

int __real_inotify_init1(int flags);
int __wrap_inotify_init1(int flags);
int __wrap_inotify_init1(int flags)
{
        int fd;

        if (!sim_inside)
                return __real_inotify_init1(flags);
        errno = call_fails("inotify_init1", MAY_LACK_FD);
        fd = errno ? -1 : __real_inotify_init1(flags);
        descriptor_note_inotify(fd);
        return descriptor_opened(fd);
}

int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
        if (!sim_inside || !sim_fault(FAULT_INOTIFY, core->settings.habits ? 10000 : 1000))
                return __real_inotify_add_watch(fd, path, mask);
        sim_trace("fault: inotify_add_watch ENOSPC");
        errno = ENOSPC;
        return -1;
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
        if (sim_inside) {
                core->calls++;
                descriptor_closed(fd);
        }
        return __real_close(fd);
}

int __real_fclose(FILE *file);
int __wrap_fclose(FILE *file);
int __wrap_fclose(FILE *file)
{
        if (sim_inside)
                descriptor_closed(fileno(file));
        return __real_fclose(file);
}
