/* SPDX-License-Identifier: ISC */
#include "daemon/edge/volume_resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/volume.h"

/* O_PATH goes with no flag that is about reading. */
static int directory_flags(int access)
{
        return access | O_DIRECTORY | O_CLOEXEC | (access == O_PATH ? 0 : O_NONBLOCK);
}

static bool is_clean_component(const char *name, size_t length)
{
        return length > 0 && !(length == 1 && name[0] == '.') &&
               !(length == 2 && name[0] == '.' && name[1] == '.');
}

bool volume_is_name(const char *path)
{
        size_t length = strcspn(path, "/");

        return path[length] == '\0' && is_clean_component(path, length);
}

/* Refuses unclean paths: so openat2 and the walk need not agree on "..", and no two paths name one file. */
static int check_path(const char *path)
{
        if (strlen(path) >= PATH_MAX)
                return -ENAMETOOLONG;
        for (const char *name = path;; name++) {
                size_t length = strcspn(name, "/");

                if (!is_clean_component(name, length))
                        return -EINVAL;
                name += length;
                if (*name == '\0')
                        return 0;
        }
}

/* Before Linux 5.6 there is no openat2; a sandbox that does not know it may say EPERM. */
static bool is_lacking(int error)
{
        return error == ENOSYS || error == EPERM;
}

static int open_beneath(int volume, const char *path, int access)
{
        struct open_how how = {
                .flags = (unsigned long long)directory_flags(access),
                /* No O_NOFOLLOW: it would make a link in the last place ENOTDIR instead of ELOOP. */
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        int fd = (int)syscall(SYS_openat2, volume, path, &how, sizeof(how));

        return fd < 0 ? -errno : fd;
}

static int open_step(int at, const char *name, int access)
{
        struct stat found;
        int fd = openat(at, name, directory_flags(access) | O_NOFOLLOW);
        int result;

        if (fd >= 0)
                return fd;
        result = -errno;
        if (result == -ENOTDIR && fstatat(at, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISLNK(found.st_mode))
                return -ELOOP;
        return result;
}

void volume_widen(int fd, mode_t mode, const struct stat *found)
{
        struct stat asked;

        if (!found && fstat(fd, &asked) < 0)
                return;
        found = found ? found : &asked;
        /* A volume that cannot hold modes is no reason to lose what is written there. */
        if ((found->st_mode & 0777) == mode || fchmod(fd, (found->st_mode & 07000) | mode) < 0)
                return;
}

int volume_sync_directory(int directory)
{
        return fsync(directory) < 0 && errno != EINVAL ? -errno : 0;
}

static int sync_one(int volume, const char *path)
{
        int directory = volume_resolve(volume, path, O_RDONLY);
        int result;

        if (directory < 0)
                return directory == -EACCES || directory == -EPERM ? 0 : directory;
        result = volume_sync_directory(directory);
        close(directory);
        return result;
}

int volume_sync_above(int volume, const char *path)
{
        char above[PATH_MAX];
        char *slash;
        int result = check_path(path);

        if (result == 0)
                memcpy(above, path, strlen(path) + 1);
        while (result == 0 && (slash = strrchr(above, '/'))) {
                *slash = '\0';
                result = sync_one(volume, above);
        }
        return result ? result : sync_one(volume, ".");
}

/* Steps into a directory, which is made if it is missing. `at` is open for reading. */
static int make_step(int at, const char *name, int access, mode_t make)
{
        bool made = mkdirat(at, name, make) == 0;
        int fd;
        int result;

        if (!made && errno != EEXIST)
                return -errno;
        /* Widening needs more than an O_PATH descriptor, and such a one serves in place of that, too. */
        fd = open_step(at, name, made ? O_RDONLY : access);
        if (fd < 0 || !made)
                return fd;
        volume_widen(fd, make, NULL);
        result = volume_sync_directory(at);
        if (result < 0) {
                close(fd);
                return result;
        }
        return fd;
}

/* Walks on from `fd`, which is taken over and closed like every other descriptor on the way but the last. */
static int walk_from(int fd, const char *path, int access, mode_t make)
{
        char name[NAME_MAX + 1];

        while (fd >= 0 && *path != '\0') {
                size_t length = strcspn(path, "/");
                int how;
                int next;

                if (length > NAME_MAX) {
                        close(fd);
                        return -ENAMETOOLONG;
                }
                memcpy(name, path, length);
                name[length] = '\0';
                path += length;
                path += *path == '/';
                /* A directory in which another may be made must be synced: that needs more than O_PATH. */
                how = *path == '\0' ? access : make != 0 ? O_RDONLY : O_PATH;
                next = open_step(fd, name, how);
                if (next == -ENOENT && make != 0)
                        next = make_step(fd, name, how, make);
                close(fd);
                fd = next;
        }
        return fd;
}

int volume_walk(int volume, const char *path, int access, mode_t make)
{
        bool itself = strcmp(path, ".") == 0;
        int result = itself ? 0 : check_path(path);
        int start;

        if (result < 0)
                return result;
        start = open_step(volume, ".", itself ? access : make != 0 ? O_RDONLY : O_PATH);
        return itself ? start : walk_from(start, path, access, make);
}

int volume_resolve(int volume, const char *path, int access)
{
        int result = strcmp(path, ".") == 0 ? 0 : check_path(path);

        if (result < 0)
                return result;
        result = open_beneath(volume, path, access);
        return is_lacking(-result) ? volume_walk(volume, path, access, 0) : result;
}

int volume_parent(int volume, const char *path, int access, mode_t make, const char **name)
{
        char prefix[PATH_MAX] = ".";
        int result = check_path(path);
        const char *slash;

        if (result < 0)
                return result;
        slash = strrchr(path, '/');
        if (slash) {
                memcpy(prefix, path, (size_t)(slash - path));
                prefix[slash - path] = '\0';
        }
        result = volume_resolve(volume, prefix, access);
        if (result == -ENOENT && make != 0)
                result = volume_walk(volume, prefix, access, make);
        if (result >= 0)
                *name = slash ? slash + 1 : path;
        return result;
}

int volume_remove_at(int directory, const char *name)
{
        struct stat found;

        if (fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (!S_ISREG(found.st_mode))
                return -EINVAL;
        return unlinkat(directory, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int volume_follow(int directory, const char *path)
{
        struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
        int fd = (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));

        if (fd >= 0)
                return fd;
        return is_lacking(errno) ? -ENOSYS : -errno;
}

/* Follows links wherever they lead, which check_beneath() judges afterwards. Where there is no openat2 to
 * refuse magic links, what they lead to is closed again at once, as is all that is outside. */
static int follow(int directory, const char *name)
{
        int fd = volume_follow(directory, name);

        if (fd != -ENOSYS)
                return fd;
        fd = openat(directory, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* Does the directory lie beneath the volume? Goes up from there, by what really is above it; the top of
 * everything is its own parent. A mount point on the volume is the volume's, such as one in place of a
 * profile's directory. 0, or a negative errno: -EXDEV, it does not. */
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

/* Enters what `path` lies in, which may be a link as well (profiles/ itself). */
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

/* Opens what is in a directory by two steps, where there is no openat2. */
static int open_in_parent(int volume, const char *path, int flags)
{
        const char *name = NULL;
        int directory = volume_parent(volume, path, O_PATH, 0, &name);
        int fd;

        if (directory < 0)
                return directory;
        fd = openat(directory, name, flags | VOLUME_OPEN_FLAGS, VOLUME_MODE_MADE);
        if (fd < 0)
                fd = -errno;
        close(directory);
        return fd;
}

int volume_open_file(int volume, const char *path, int flags)
{
        struct open_how how = {
                .flags = (unsigned)(flags | VOLUME_OPEN_FLAGS),
                .mode = flags & O_CREAT ? VOLUME_MODE_MADE : 0,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        int result = check_path(path);
        int fd;

        if (result < 0)
                return result;
        if (flags & O_PATH) /* which goes with no flag that is about reading */
                how.flags &= ~(unsigned)(O_NONBLOCK | O_NOCTTY);
        fd = volume_is_name(path) ? openat(volume, path, (int)how.flags, VOLUME_MODE_MADE)
                                  : (int)syscall(SYS_openat2, volume, path, &how, sizeof(how));
        if (fd >= 0)
                return fd;
        return is_lacking(errno) && !volume_is_name(path) ? open_in_parent(volume, path, flags) : -errno;
}

int volume_open_regular(int volume, const char *path, int flags, struct stat *found)
{
        struct stat opened;
        int fd = volume_open_file(volume, path, flags);
        int result;

        if (fd < 0) /* a socket, a FIFO that nobody reads; a directory, for writing */
                return fd == -ENXIO || fd == -EISDIR ? -EINVAL : fd;
        result = fstat(fd, &opened) < 0 ? -errno : S_ISREG(opened.st_mode) ? 0 : -EINVAL;
        if (result < 0) {
                close(fd);
                return result;
        }
        *found = opened;
        return fd;
}

int volume_enter_profile(int volume, const char *profile)
{
        char path[LIMIT_PROFILE_NAME_BYTES + sizeof("profiles/")];

        if (strcmp(profile, "default") == 0)
                return volume_enter(volume, ".");
        snprintf(path, sizeof(path), "profiles/%s", profile);
        return volume_enter(volume, path);
}
