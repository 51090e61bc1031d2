/* SPDX-License-Identifier: ISC */
#include "daemon/edge/s6_control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"

/* Opening for writing without blocking is itself the test: ENXIO says that nobody reads. */
int s6_fifo_open(int at, const char *path)
{
        struct stat found;
        int fd = openat(at, path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        int result;

        if (fd < 0)
                return -errno;
        /* A plain file opens too, and would swallow the order. */
        result = fstat(fd, &found) < 0 ? -errno : S_ISFIFO(found.st_mode) ? 0 : -ENXIO;
        if (result < 0) {
                close(fd);
                return result;
        }
        return fd;
}

unsigned s6_fifo_unread(int at, const char *path)
{
        int fd = s6_fifo_open(at, path);
        int bytes = 0;

        if (fd < 0)
                return 0;
        if (ioctl(fd, FIONREAD, &bytes) < 0)
                bytes = 0;
        close(fd);
        return (unsigned)bytes;
}

int s6_fifo_send(int at, const char *path, const char *letters)
{
        size_t length = strlen(letters);
        int fd;
        ssize_t n;
        int result;

        if (length == 0 || length > S6_LETTERS)
                return -EINVAL;
        fd = s6_fifo_open(at, path);
        if (fd < 0)
                return fd;

        do
                n = write(fd, letters, length);
        while (n < 0 && errno == EINTR);
        /* The reader went away between our open and our write. */
        result = n >= 0 ? 0 : errno == EPIPE ? -ENXIO : -errno;
        close(fd);
        return result;
}

static int control_path(const char *name, char path[S6_PATH_BYTES])
{
        int length = snprintf(path, S6_PATH_BYTES, "%s/supervise/control", name);

        return length < 0 || length >= S6_PATH_BYTES ? -ENAMETOOLONG : 0;
}

bool s6_control_is_gone(int result)
{
        switch (result) {
        case -ENXIO:  /* nobody reads it, or it is no FIFO */
        case -ELOOP:  /* a link */
        case -EISDIR: /* a directory */
        case -ENOENT: /* there is none, nor the directory that it is in */
        case -ENOTDIR:
                return true;
        default:
                return false;
        }
}

int s6_control_alive(int at, const char *name)
{
        char path[S6_PATH_BYTES];
        int result = control_path(name, path);
        int fd = result < 0 ? result : s6_fifo_open(at, path);

        if (fd < 0)
                return s6_control_is_gone(fd) ? 0 : fd;
        close(fd);
        return 1;
}

unsigned s6_control_unread(int at, const char *name)
{
        char path[S6_PATH_BYTES];

        return control_path(name, path) == 0 ? s6_fifo_unread(at, path) : 0;
}

int s6_control_send(int at, const char *name, const char *letters)
{
        char path[S6_PATH_BYTES];
        int result = control_path(name, path);

        return result < 0 ? result : s6_fifo_send(at, path, letters);
}
