/* SPDX-License-Identifier: ISC */
#include "daemon/edge/scandir.h"
#include "daemon/edge/control.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTROL ".s6-svscan/control"
#define LOCK ".s6-svscan/lock"

int scandir_open(struct scandir *scandir, const char *path)
{
        scandir->path = path;
        scandir->fd = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
        return scandir->fd < 0 ? -errno : 0;
}

void scandir_close(struct scandir *scandir)
{
        if (scandir->fd >= 0)
                close(scandir->fd);
        scandir->fd = -1;
}

static bool is_absent(int error)
{
        return error == ENOENT || error == ENOTDIR;
}

/* s6-svscan holds a POSIX write lock on the whole file. Asking about a lock does not take it. */
static int is_locked(const struct scandir *scandir)
{
        int fd = openat(scandir->fd, LOCK, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int result;

        if (fd < 0)
                return is_absent(errno) ? 0 : -errno;
        result = fcntl(fd, F_GETLK, &lock) < 0 ? -errno : lock.l_type != F_UNLCK;
        close(fd);
        return result;
}

/* What kind of file it is, the order finds out. */
int scandir_is_heard(const struct scandir *scandir)
{
        int fd = openat(scandir->fd, CONTROL, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0)
                return is_absent(errno) || errno == ENXIO ? 0 : -errno;
        close(fd);
        return 1;
}

int scandir_is_running(const struct scandir *scandir)
{
        int fd = s6_fifo_open(scandir->fd, CONTROL);

        if (fd < 0)
                return is_absent(-fd) || fd == -ENXIO ? 0 : fd;
        close(fd);
        return is_locked(scandir);
}

unsigned scandir_unread(const struct scandir *scandir)
{
        return s6_fifo_unread(scandir->fd, CONTROL);
}

int scandir_command(const struct scandir *scandir, const char *letters)
{
        return s6_fifo_send(scandir->fd, CONTROL, letters);
}

/* Is this a name that s6-svscan looks at, and one component? */
static bool is_plain_name(const char *name)
{
        return *name != '\0' && *name != '.' && !strchr(name, '/');
}

int scandir_link(const struct scandir *scandir, const char *name, const char *target)
{
        int same;

        if (!is_plain_name(name) || *target != '/')
                return -EINVAL;
        if (symlinkat(target, scandir->fd, name) == 0)
                return 0;
        if (errno != EEXIST)
                return -errno;
        same = scandir_links_to(scandir, name, target);
        return same < 0 ? same : same ? 0 : -EEXIST;
}

int scandir_unlink(const struct scandir *scandir, const char *name, const char *target)
{
        struct stat found;
        int same;

        if (!is_plain_name(name))
                return -EINVAL;
        if (fstatat(scandir->fd, name, &found, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        same = scandir_links_to(scandir, name, target);
        if (same <= 0)
                return same < 0 ? same : -EEXIST;
        return unlinkat(scandir->fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int scandir_links_to(const struct scandir *scandir, const char *name, const char *target)
{
        char text[PATH_MAX];
        ssize_t length;

        if (!is_plain_name(name))
                return 0;
        length = readlinkat(scandir->fd, name, text, sizeof(text));
        if (length < 0) /* EINVAL: it is something else than a link */
                return errno == EINVAL || is_absent(errno) ? 0 : -errno;
        return (size_t)length == strlen(target) && memcmp(text, target, (size_t)length) == 0;
}
