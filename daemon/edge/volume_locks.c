#include "daemon/edge/volume_locks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/edge/volume.h"
#include "daemon/edge/volume_resolve.h"

/* Who holds a lock that keeps a writer out? Needs no descriptor for writing. It does not see this process's
 * own: there are none, and none is dropped by the close. */
static void ask(int fd, struct volume_lock *lock)
{
        struct flock asked = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int result = fcntl(fd, F_OFD_GETLK, &asked);

        /* Some sandboxes know only the older one. */
        if (result < 0 && errno == EINVAL) {
                asked = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
                result = fcntl(fd, F_GETLK, &asked);
        }
        lock->result = result < 0 ? -errno : 0;
        lock->held = result == 0 && asked.l_type != F_UNLCK;
        lock->holder = lock->held && asked.l_pid > 0 ? asked.l_pid : 0;
}

/* A regular file, or a negative errno. *found is set with it. */
static int open_file(int directory, const char *name, struct stat *found)
{
        int fd = openat(directory, name, O_RDONLY | VOLUME_OPEN_FLAGS);
        int result;

        if (fd < 0)
                return -errno;
        result = fstat(fd, found) < 0 ? -errno : S_ISREG(found->st_mode) ? 0 : -EINVAL;
        if (result == 0)
                return fd;
        close(fd);
        return result;
}

static void look_at_gateway(int volume, const char *profile, struct volume_lock *lock)
{
        int directory = volume_resolve(volume, ".svcbroker/lock", O_PATH);
        struct stat found;
        int fd;

        if (directory < 0) {
                lock->result = directory;
                return;
        }
        fd = open_file(directory, profile, &found);
        close(directory);
        if (fd < 0) {
                lock->result = fd;
                return;
        }
        ask(fd, lock);
        close(fd);
}

static int enter(int volume, const char *path)
{
        struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
        int fd = (int)syscall(SYS_openat2, volume, path, &how, sizeof(how));

        if (fd < 0 && (errno == ENOSYS || errno == EPERM))
                return volume_resolve(volume, path, O_PATH);
        return fd < 0 ? -errno : fd;
}

/* Whether a group or an access control list lets that user write is not looked into: their bits are the group's. */
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
        fd = open_file(directory, "lock", &info);
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
