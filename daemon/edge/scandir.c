#include "daemon/edge/scandir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/edge/fifo.h"

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

/* s6-svscan holds a POSIX write lock on the whole file. Asking for one does not take it. */
static bool is_locked(const struct scandir *scandir)
{
        int fd = openat(scandir->fd, LOCK, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return false;
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int r = fcntl(fd, F_GETLK, &lock);
        close(fd);
        return r == 0 && lock.l_type != F_UNLCK;
}

bool scandir_is_running(const struct scandir *scandir)
{
        int fd = fifo_open(scandir->fd, CONTROL);
        if (fd < 0)
                return false;
        close(fd);
        return is_locked(scandir);
}

int scandir_command(const struct scandir *scandir, const char *letters)
{
        return fifo_send(scandir->fd, CONTROL, letters);
}

/* A name that s6-svscan looks at, and one component. */
static bool is_plain_name(const char *name)
{
        return *name != '\0' && *name != '.' && strchr(name, '/') == NULL;
}

int scandir_link(const struct scandir *scandir, const char *name, const char *target)
{
        if (!is_plain_name(name) || *target != '/')
                return -EINVAL;
        if (symlinkat(target, scandir->fd, name) == 0)
                return 0;
        if (errno != EEXIST)
                return -errno;
        return scandir_links_to(scandir, name, target) ? 0 : -EEXIST;
}

int scandir_unlink(const struct scandir *scandir, const char *name, const char *target)
{
        struct stat found;

        if (!is_plain_name(name))
                return -EINVAL;
        if (fstatat(scandir->fd, name, &found, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (!scandir_links_to(scandir, name, target))
                return -EEXIST;
        return unlinkat(scandir->fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

bool scandir_links_to(const struct scandir *scandir, const char *name, const char *target)
{
        char text[PATH_MAX];

        if (!is_plain_name(name))
                return false;
        ssize_t length = readlinkat(scandir->fd, name, text, sizeof text);
        return length >= 0 && (size_t)length == strlen(target) && memcmp(text, target, (size_t)length) == 0;
}
