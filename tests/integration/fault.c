/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into the broker: system calls fail as long as /run/fault says so, a line each: CALL ERRNO WORD. Those fail whose path has
 * that word in it (- is in all). For what cannot be had otherwise without the same befalling all other processes of root.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FAULTS "/run/fault"

static bool fails(const char *call, const char *path)
{
        char text[2048], *rest = text, *line;
        int fd = (int)syscall(SYS_openat, AT_FDCWD, FAULTS, O_RDONLY | O_CLOEXEC);
        long length = fd < 0 ? 0 : syscall(SYS_read, fd, text, sizeof(text) - 1);

        if (fd >= 0)
                syscall(SYS_close, fd);
        text[length > 0 ? length : 0] = '\0';
        while ((line = strsep(&rest, "\n"))) {
                char its[32], word[256];
                int number;

                if (sscanf(line, "%31s %d %255s", its, &number, word) != 3 || strcmp(its, call))
                        continue;
                if (!strcmp(word, "-") || (path && strstr(path, word))) {
                        errno = number;
                        return true;
                }
        }
        return false;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* openat2 has no function of its own: it counts as openat. */
long syscall(long number, ...)
{
        static __typeof__(&syscall) next;
        long values[6];
        va_list arguments;

        va_start(arguments, number);
        for (unsigned i = 0; i < 6; i++)
                values[i] = va_arg(arguments, long);
        va_end(arguments);
        next = next ? next : NEXT(syscall);
        if (number == SYS_openat2 && fails("openat", (const char *)values[1]))
                return -1;
        return next(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

static mode_t mode_of(int flags, va_list arguments)
{
        return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int openat(int at, const char *path, int flags, ...)
{
        va_list arguments;

        va_start(arguments, flags);
        mode_t mode = mode_of(flags, arguments);
        va_end(arguments);
        return fails("openat", path) ? -1 : (int)syscall(SYS_openat, at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...)
{
        va_list arguments;

        va_start(arguments, flags);
        mode_t mode = mode_of(flags, arguments);
        va_end(arguments);
        return fails("openat", path) ? -1 : (int)syscall(SYS_openat, at, path, flags, mode);
}

int __openat_2(int at, const char *path, int flags);
int __openat_2(int at, const char *path, int flags)
{
        return fails("openat", path) ? -1 : (int)syscall(SYS_openat, at, path, flags, 0);
}

int __openat64_2(int at, const char *path, int flags);
int __openat64_2(int at, const char *path, int flags)
{
        return fails("openat", path) ? -1 : (int)syscall(SYS_openat, at, path, flags, 0);
}

ssize_t readlinkat(int at, const char *restrict path, char *restrict buffer, size_t size)
{
        return fails("readlinkat", path) ? -1 : syscall(SYS_readlinkat, at, path, buffer, size);
}

int fstatat(int at, const char *restrict path, struct stat *restrict info, int flags)
{
        return fails("fstatat", path) ? -1 : NEXT(fstatat)(at, path, info, flags);
}

int fstatat64(int at, const char *restrict path, struct stat64 *restrict info, int flags)
{
        return fails("fstatat", path) ? -1 : NEXT(fstatat64)(at, path, info, flags);
}

int renameat(int from, const char *old, int to, const char *new)
{
        return fails("renameat", new) ? -1 : (int)syscall(SYS_renameat2, from, old, to, new, 0);
}

int unlinkat(int at, const char *path, int flags)
{
        return fails("unlinkat", path) ? -1 : (int)syscall(SYS_unlinkat, at, path, flags);
}

int inotify_init1(int flags)
{
        return fails("inotify_init1", NULL) ? -1 : (int)syscall(SYS_inotify_init1, flags);
}

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
        return fails("inotify_add_watch", path) ? -1 : (int)syscall(SYS_inotify_add_watch, fd, path, mask);
}
