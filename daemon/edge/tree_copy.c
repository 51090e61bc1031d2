/* SPDX-License-Identifier: ISC */
#include "daemon/edge/tree.h"
#include "daemon/bounds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE_COPIED 0755

static int copy_bytes(int from, int to)
{
        char buffer[COPY_BYTES];

        for (;;) {
                ssize_t n = read(from, buffer, sizeof(buffer));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : 0;
                for (ssize_t done = 0; done < n;) {
                        ssize_t m = write(to, buffer + done, (size_t)(n - done));

                        if (m < 0 && errno != EINTR)
                                return -errno;
                        done += m < 0 ? 0 : m;
                }
        }
}

int tree_copy_open(int from, int to_at, const char *name, mode_t mode)
{
        int to = openat(to_at, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        int result = to < 0 ? -errno : copy_bytes(from, to);

        if (result == 0 && fchmod(to, mode & MODE_COPIED) < 0)
                result = -errno;
        if (to >= 0 && close(to) < 0 && result == 0)
                result = -errno;
        return result;
}

static int copy_below(int from, int to, unsigned depth);

/* Takes `from` over. */
static int copy_directory(int from, int to_at, const char *name, mode_t mode, unsigned depth)
{
        int result = depth >= TEMPLATE_DEPTH ? -EINVAL : tree_make(to_at, name, TREE_DIRECTORY_MODE(mode));
        int to = result < 0 ? result : tree_open(to_at, name);

        if (to >= 0) {
                result = copy_below(from, to, depth + 1);
                close(to);
        } else {
                result = to;
        }
        close(from);
        return result;
}

static int copy_entry(int from_at, int to_at, const char *name, unsigned depth)
{
        struct stat found;
        int result;
        int from;

        /* The entry is looked at before it is opened: opening a device or a FIFO does something to that. */
        if (fstatat(from_at, name, &found, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (S_ISLNK(found.st_mode))
                return -ELOOP;
        if (!S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode))
                return -EINVAL;
        from = openat(from_at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (from < 0)
                return -errno;
        /* What was opened is looked at once more. */
        if (fstat(from, &found) < 0) {
                result = -errno;
                close(from);
                return result;
        }
        if (S_ISDIR(found.st_mode))
                return copy_directory(from, to_at, name, found.st_mode, depth);
        result = S_ISREG(found.st_mode) ? tree_copy_open(from, to_at, name, found.st_mode) : -EINVAL;
        close(from);
        return result;
}

static int copy_below(int from, int to, unsigned depth)
{
        int result = 0;
        int own;
        DIR *directory;

        /* A descriptor of its own, so that every copy begins at the first entry. */
        own = tree_open(from, ".");
        directory = own < 0 ? NULL : fdopendir(own);
        if (!directory) {
                result = own < 0 ? own : -errno;
                if (own >= 0)
                        close(own);
                return result;
        }
        while (result == 0) {
                const struct dirent *entry;

                errno = 0;
                entry = readdir(directory);
                if (!entry) {
                        result = -errno;
                        break;
                }
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        result = copy_entry(from, to, entry->d_name, depth);
        }
        closedir(directory);
        return result;
}

int tree_copy_file(int from_at, int to_at, const char *path)
{
        struct stat found;
        int from = tree_open_file(from_at, path, O_RDONLY);
        int result;

        if (from < 0)
                return from;
        result = fstat(from, &found) == 0 && S_ISREG(found.st_mode)
                         ? tree_copy_open(from, to_at, path, found.st_mode)
                         : -EINVAL;
        close(from);
        return result;
}

int tree_copy(int from, int to)
{
        return copy_below(from, to, 0);
}
