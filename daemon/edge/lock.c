/* SPDX-License-Identifier: ISC */
#include "daemon/edge/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"

static bool is_at(const char *path, const struct stat *found)
{
        struct stat now;

        return lstat(path, &now) == 0 && now.st_dev == found->st_dev && now.st_ino == found->st_ino;
}

static bool others_can_open(const struct stat *found)
{
        return (found->st_uid != 0 && found->st_uid != geteuid()) || (found->st_mode & 077) != 0;
}

/* Tries to lock the open file. 0: the lock is ours; 1: that file is not at `path` now; or a negative
 * errno. */
static int try_lock(int fd, const char *path)
{
        struct stat found;

        if (fstat(fd, &found) < 0)
                return -errno;
        if (!S_ISREG(found.st_mode))
                return -EEXIST;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK)
                        return -errno;
                return others_can_open(&found) ? -EPERM : -EADDRINUSE;
        }
        if (!is_at(path, &found))
                return 1;
        if (!others_can_open(&found))
                return 0;
        /* Whoever unlinks the file holds its lock, so nobody else unlinks it. */
        return unlink(path) < 0 ? -errno : 1;
}

int lock_take(const char *path)
{
        int result = 1;

        for (int i = 0; i < LOCK_TRIES && result == 1; i++) {
                int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

                if (fd < 0)
                        return -errno;
                result = try_lock(fd, path);
                if (result == 0)
                        return fd;
                close(fd);
        }
        return result == 1 ? -EAGAIN : result;
}

bool lock_is_at(int fd, const char *path)
{
        struct stat found;

        return fstat(fd, &found) == 0 && is_at(path, &found);
}
