/* SPDX-License-Identifier: ISC */
#include "daemon/edge/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/bounds.h"

#define OPEN_FLAGS (O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
#define MODE_MADE 0600

static int open_one(int at, const char *name, int flags)
{
        int fd = openat(at, name, flags | OPEN_FLAGS, MODE_MADE);

        return fd < 0 ? -errno : fd;
}

/* Opens a path where there is no openat2: component by component. */
static int open_walking(int at, const char *path, int flags)
{
        const char *slash = strchr(path, '/');
        char name[NAME_MAX + 1];
        int directory, fd;

        if (!slash)
                return open_one(at, path, flags);
        if ((size_t)(slash - path) >= sizeof(name))
                return -ENAMETOOLONG;
        memcpy(name, path, (size_t)(slash - path));
        name[slash - path] = '\0';
        directory = open_one(at, name, O_RDONLY | O_DIRECTORY);
        if (directory < 0)
                return directory;
        fd = open_walking(directory, slash + 1, flags);
        close(directory);
        return fd;
}

int tree_open_file(int at, const char *path, int flags)
{
        struct open_how how = {
                .flags = (unsigned)(flags | OPEN_FLAGS),
                .mode = flags & O_CREAT ? MODE_MADE : 0,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        int fd;

        if (!strchr(path, '/'))
                return open_one(at, path, flags);
        fd = (int)syscall(SYS_openat2, at, path, &how, sizeof(how));
        if (fd >= 0)
                return fd;
        /* The kernel, or a sandbox, lacks openat2. */
        return errno == ENOSYS || errno == EPERM ? open_walking(at, path, flags) : -errno;
}

int tree_open(int at, const char *name)
{
        return tree_open_file(at, name, O_RDONLY | O_DIRECTORY);
}

int tree_make(int at, const char *name, mode_t mode)
{
        /* Nobody else gets in before the chmod; and the umask leaves the owner's bits alone (rights.h). */
        if (mkdirat(at, name, 0700) < 0)
                return -errno;
        return mode != 0700 && fchmodat(at, name, mode, 0) < 0 ? -errno : 0;
}

int tree_write_all(int fd, const void *bytes, size_t length)
{
        const char *rest = bytes;

        while (length > 0) {
                ssize_t n = write(fd, rest, length);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                rest += n;
                length -= (size_t)n;
        }
        return 0;
}

static int write_file(int at, const char *name, int flags, const void *bytes, size_t length, mode_t mode)
{
        int fd = openat(at, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0600);
        int result;

        if (fd < 0)
                return -errno;
        result = tree_write_all(fd, bytes, length);
        if (result == 0 && mode != MODE_MADE && fchmod(fd, mode) < 0)
                result = -errno;
        if (close(fd) < 0 && result == 0)
                result = -errno;
        if (result < 0)
                unlinkat(at, name, 0);
        return result;
}

int tree_write(int at, const char *name, const void *bytes, size_t length, mode_t mode)
{
        return write_file(at, name, O_EXCL, bytes, length, mode);
}

int tree_replace(int at, const char *temporary, const char *name, const void *bytes, size_t length,
                 mode_t mode)
{
        int result;

        /* A killed broker may have left one. */
        if (unlinkat(at, temporary, 0) < 0 && errno != ENOENT)
                return -errno;
        result = write_file(at, temporary, O_EXCL, bytes, length, mode);
        if (result < 0)
                return result;
        if (renameat(at, temporary, at, name) < 0) {
                result = -errno;
                unlinkat(at, temporary, 0);
        }
        return result;
}

static int read_all(int fd, char *bytes, size_t size, size_t *length)
{
        size_t filled = 0;

        while (filled < size) {
                ssize_t n = read(fd, bytes + filled, size - filled);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                filled += (size_t)n;
        }
        *length = filled;
        return 0;
}

/* Reads a file; when as many bytes have come as it had when it was opened, that was all of it. */
static int read_file(int fd, const struct stat *found, char *bytes, size_t size, size_t *length)
{
        int result = 0;
        size_t more = 0;
        ssize_t n;

        do
                n = read(fd, bytes, size);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        if (n > 0 && n != found->st_size)
                result = read_all(fd, bytes + n, size - (size_t)n, &more);
        *length = (size_t)n + more;
        return result;
}

int tree_read(int at, const char *name, size_t limit, char **bytes, size_t *length)
{
        int fd = tree_open_file(at, name, O_RDONLY | O_NOCTTY);

        return fd < 0 ? fd : tree_read_open(fd, limit, bytes, length);
}

int tree_read_open(int fd, size_t limit, char **bytes, size_t *length)
{
        struct stat found;
        size_t filled = 0;
        char *buffer;
        int result;

        /* One byte more than the limit tells that there is more; the last place is the NUL's. */
        buffer = malloc(limit + 2);
        result = !buffer ? -ENOMEM : fstat(fd, &found) < 0 ? -errno : S_ISREG(found.st_mode) ? 0 : -EINVAL;
        if (result == 0)
                result = read_file(fd, &found, buffer, limit + 1, &filled);
        close(fd);
        if (result == 0 && filled > limit)
                result = -EFBIG;
        if (result < 0) {
                free(buffer);
                return result;
        }
        buffer[filled] = '\0';
        *bytes = buffer;
        *length = filled;
        return 0;
}

static int remove_below(int at, const char *name, unsigned depth);

static bool is_dot(const char *name)
{
        return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* One pass over the directory. *removed: whether there is reason for another. */
static int empty_pass(DIR *directory, unsigned depth, bool *removed)
{
        *removed = false;
        for (;;) {
                const struct dirent *entry;
                int result;

                errno = 0;
                entry = readdir(directory);
                if (!entry)
                        return -errno;
                if (is_dot(entry->d_name))
                        continue;
                result = remove_below(dirfd(directory), entry->d_name, depth);
                if (result < 0)
                        return result;
                *removed = true;
        }
}

/* Takes `fd` over. */
static int empty_and_close(int fd, unsigned depth)
{
        struct stat found;
        bool removed;
        int result;
        DIR *directory;

        /* Without CAP_DAC_OVERRIDE the mode counts for root too. */
        result = fstat(fd, &found) < 0 ? -errno : 0;
        if (result == 0 && (found.st_mode & 0700) != 0700 && fchmod(fd, 0700) < 0)
                result = -errno;
        directory = result == 0 ? fdopendir(fd) : NULL;
        if (!directory) {
                result = result < 0 ? result : -errno;
                close(fd);
                return result;
        }
        /* Some file systems skip entries when others are removed meanwhile: so until a pass finds nothing. */
        do {
                rewinddir(directory);
                result = empty_pass(directory, depth, &removed);
        } while (result == 0 && removed);
        closedir(directory);
        return result;
}

static int remove_below(int at, const char *name, unsigned depth)
{
        int fd;
        int result;

        /* For a directory the errno is EISDIR, on some file systems EPERM. */
        if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return -errno;
        if (depth >= TREE_DEPTH)
                return -ELOOP;
        fd = tree_open(at, name);
        if (fd == -EACCES) {
                /* Ours, but not readable. glibc's fchmodat() can be told not to follow links, too. */
                if (fchmodat(at, name, 0700, AT_SYMLINK_NOFOLLOW) < 0)
                        return -errno;
                fd = tree_open(at, name);
        }
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd == -ENOTDIR ? -EPERM : fd;
        result = empty_and_close(fd, depth + 1);
        if (result < 0)
                return result;
        return unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

int tree_remove(int at, const char *name)
{
        return remove_below(at, name, 0);
}

int tree_empty(int fd)
{
        int own;

        /* The walk has a descriptor of its own: reading moves the position, and closedir() closes it. */
        own = tree_open(fd, ".");
        return own < 0 ? own : empty_and_close(own, 1);
}
