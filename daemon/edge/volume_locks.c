/* SPDX-License-Identifier: ISC */
#include "daemon/edge/volume_locks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "daemon/edge/volume.h"
#include "daemon/edge/volume_resolve.h"

#define LOCKS ".svcbroker/lock/"

/* Who holds a lock that keeps a writer out? A descriptor for reading is enough to ask. Locks of this process
 * are not seen: there are none, so the close drops none. */
static void ask(int fd, struct volume_lock *lock)
{
        struct flock asked = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int result = fcntl(fd, F_OFD_GETLK, &asked);

        /* Some sandboxes know only the older call. */
        if (result < 0 && errno == EINVAL) {
                asked = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
                result = fcntl(fd, F_GETLK, &asked);
        }
        lock->result = result < 0 ? -errno : 0;
        lock->held = result == 0 && asked.l_type != F_UNLCK;
        lock->holder = lock->held && asked.l_pid > 0 ? asked.l_pid : 0;
}

int volume_is_locked(int volume, const char *path)
{
        struct volume_lock lock = {0};
        struct stat found;
        int fd = volume_open_regular(volume, path, O_RDONLY, &found);

        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        ask(fd, &lock);
        close(fd);
        return lock.result < 0 ? lock.result : lock.held;
}

static void look_at_gateway(int volume, const char *profile, struct volume_lock *lock)
{
        char path[NAME_MAX + sizeof(LOCKS)];
        struct stat found;
        int fd;

        snprintf(path, sizeof(path), LOCKS "%s", profile);
        fd = volume_open_regular(volume, path, O_RDONLY, &found);
        if (fd < 0) {
                lock->result = fd;
                return;
        }
        ask(fd, lock);
        close(fd);
}

/* Opens a directory, following links. Without openat2 none is: nothing tells those of /proc from others. */
static int enter(int volume, const char *path)
{
        int fd = volume_follow(volume, path);

        return fd == -ENOSYS ? volume_resolve(volume, path, O_PATH) : fd;
}

/* May the user write there? Whether a group or an access control list lets that user is not looked into: the
 * group's bits stand for both. */
static bool may_write(const struct stat *found, uid_t uid)
{
        if (uid == 0)
                return true;
        return found->st_mode & (found->st_uid == uid ? S_IWUSR : S_IWGRP | S_IWOTH);
}

static void look_at_log(int directory, uid_t uid, struct volume_locks *found)
{
        struct stat info;
        struct statvfs system;
        int fd;

        if (fstat(directory, &info) < 0) {
                found->log.result = -errno;
                return;
        }
        found->log_uid = info.st_uid;
        found->log_writable = may_write(&info, uid);
        if (fstatvfs(directory, &system) == 0) {
                found->log_read_only = system.f_flag & ST_RDONLY;
                found->log_full = system.f_blocks && !system.f_bavail;
        }
        fd = volume_open_regular(directory, "lock", O_RDONLY, &info);
        if (fd == -ENOENT)
                return;
        if (fd < 0) {
                found->log.result = fd;
                return;
        }
        if (!may_write(&info, uid)) {
                found->log_writable = false;
                found->log_uid = info.st_uid;
        }
        ask(fd, &found->log);
        close(fd);
}

void volume_look_at_locks(const char *home, const char *profile, uid_t uid, struct volume_locks *found)
{
        int volume = volume_open(home), directory;
        char path[NAME_MAX + 16];

        *found = (struct volume_locks){.opened = volume < 0 ? volume : 0};
        if (volume < 0)
                return;
        look_at_gateway(volume, profile, &found->gateway);
        snprintf(path, sizeof(path), "logs/gateways/%s", profile);
        directory = enter(volume, path);
        if (directory < 0) {
                found->log.result = directory;
        } else {
                look_at_log(directory, uid, found);
                close(directory);
        }
        close(volume);
}
