#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/volume.h"
#include "daemon/edge/volume_resolve.h"

/* Wherever its links lead, which is seen afterwards. No magic ones: those of /proc lead to what the process has open. Where
 * there is no openat2 to say so, what they lead to is closed again at once, as all that is outside. */
static int follow(int directory, const char *name)
{
        struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
        int fd = (int)syscall(SYS_openat2, directory, name, &how, sizeof(how));

        if (fd < 0 && (errno == ENOSYS || errno == EPERM))
                fd = openat(directory, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* Up from there, by what really is above it: at the top of everything it is its own parent. A mount point on the volume
 * is the volume's, as one is in place of a profile's directory. */
static int check_beneath(int volume, int fd)
{
        struct stat top, found;
        int result = -EXDEV;
        int at;

        if (fstat(volume, &top) < 0 || fstat(fd, &found) < 0)
                return -errno;
        if (found.st_dev == top.st_dev && found.st_ino == top.st_ino)
                return -EXDEV; /* the volume itself is no place of its own */
        at = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        for (int steps = 0; at >= 0 && result < 0 && steps < VOLUME_ENTER_STEPS; steps++) {
                int above;

                if (fstat(at, &found) == 0 && found.st_dev == top.st_dev && found.st_ino == top.st_ino)
                        result = 0;
                above = result == 0 ? -1 : openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
                close(at);
                at = above;
        }
        if (at >= 0)
                close(at);
        return result;
}

/* What `path` lies in, which may be a link as well (profiles/ itself). */
static int enter_parent(int volume, const char *path, const char **name)
{
        const char *slash = strrchr(path, '/');
        char parent[PATH_MAX];

        *name = slash ? slash + 1 : path;
        if (!slash)
                return volume_resolve(volume, ".", O_PATH);
        memcpy(parent, path, (size_t)(slash - path)); /* it was resolved, so it is shorter than PATH_MAX */
        parent[slash - path] = '\0';
        return volume_enter(volume, parent);
}

int volume_enter(int volume, const char *path)
{
        const char *name = NULL;
        int fd = volume_resolve(volume, path, O_PATH);
        int directory;
        int result;

        if (fd != -ELOOP)
                return fd;
        directory = enter_parent(volume, path, &name);
        if (directory < 0)
                return directory;
        fd = follow(directory, name);
        close(directory);
        if (fd == -ENOENT)
                return -ENOLINK;
        if (fd == -EACCES || fd == -EPERM)
                return -EXDEV;
        if (fd < 0)
                return fd;
        result = check_beneath(volume, fd);
        if (result < 0) {
                close(fd);
                return result;
        }
        return fd;
}
