#include "client/logdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the stamp's digits end. */
#define STAMP_DIGITS 24

#define ROTATED_BYTES (sizeof("@") - 1 + STAMP_DIGITS + sizeof(".s"))

bool logdir_is_rotated(const char *name)
{
        return name[0] == '@' && strspn(name + 1, "0123456789abcdef") == STAMP_DIGITS &&
               (strcmp(name + 1 + STAMP_DIGITS, ".s") == 0 || strcmp(name + 1 + STAMP_DIGITS, ".u") == 0);
}

bool logdir_is_same(const struct logdir_file *one, const struct logdir_file *other)
{
        return one->device == other->device && one->inode == other->inode;
}

/* Whatever else carries such a name, a FIFO that blocks or a link to elsewhere, is not read. */
static int open_file(int directory_fd, const char *name, struct logdir_file *file)
{
        struct stat status;
        int fd = openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
                close(fd);
                return -EINVAL;
        }
        *file = (struct logdir_file){.fd = fd, .device = status.st_dev, .inode = status.st_ino};
        snprintf(file->name, sizeof(file->name), "%s", name);
        return 0;
}

static int compare_names(const void *one, const void *other)
{
        return strcmp(one, other);
}

/* The newest of those put aside, sorted. Returns how many, or negative errno. */
static int list_rotated(int directory_fd, char (*names)[LOGDIR_NAME_BYTES])
{
        /* A descriptor of its own, since reading moves a position that a duplicate shares. */
        int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;
        int count = 0;

        if (!directory) {
                int error = errno;

                if (fd >= 0)
                        close(fd);
                return -error;
        }
        while ((entry = readdir(directory))) {
                int place = count;

                if (!logdir_is_rotated(entry->d_name))
                        continue;
                if (count == LOGDIR_FILES_MAX) {
                        /* Full: the oldest goes, which may be this one. */
                        place = 0;
                        for (int i = 1; i < count; i++)
                                place = strcmp(names[i], names[place]) < 0 ? i : place;
                        if (strcmp(entry->d_name, names[place]) < 0)
                                continue;
                } else {
                        count++;
                }
                memcpy(names[place], entry->d_name, ROTATED_BYTES);
        }
        closedir(directory);
        qsort(names, (size_t)count, LOGDIR_NAME_BYTES, compare_names);
        return count;
}

void logdir_close(struct logdir *logdir)
{
        for (size_t i = 0; i < logdir->count; i++)
                close(logdir->files[i].fd);
        logdir->count = 0;
}

static void add(struct logdir *logdir, const struct logdir_file *file)
{
        for (size_t i = 0; i < logdir->count; i++) {
                if (logdir_is_same(&logdir->files[i], file)) {
                        close(file->fd);
                        return;
                }
        }
        logdir->files[logdir->count++] = *file;
}

int logdir_open(int directory_fd, struct logdir *logdir)
{
        char names[LOGDIR_FILES_MAX][LOGDIR_NAME_BYTES];
        struct logdir_file current, previous, file;
        /* The order matters: who is renamed after it was opened is found again under its new name, and known
         * by its inode. */
        int current_result = open_file(directory_fd, "current", &current);
        int previous_result = open_file(directory_fd, "previous", &previous);
        int count = list_rotated(directory_fd, names);
        int result = count < 0 ? count : 0;

        logdir->count = 0;
        for (int i = 0; i < count; i++) {
                /* One that is gone was the oldest, and had its time. */
                if (open_file(directory_fd, names[i], &file) == 0)
                        add(logdir, &file);
        }
        if (previous_result == 0)
                add(logdir, &previous);
        if (current_result == 0)
                add(logdir, &current);
        else if (current_result != -ENOENT)
                result = current_result;
        if (result < 0)
                logdir_close(logdir);
        return result;
}

bool logdir_is_stale(int directory_fd, const struct logdir_file *file)
{
        struct stat status;

        return fstatat(directory_fd, "current", &status, AT_SYMLINK_NOFOLLOW) < 0 ||
               status.st_dev != file->device || status.st_ino != file->inode;
}
