/* SPDX-License-Identifier: ISC */
#include "client/log/logdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many digits a stamp has. */
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

/* Opens a regular file. Anything else of such a name, like a FIFO that blocks or a link to elsewhere, is
 * refused. */
static int open_file(int directory_fd, const char *name, struct logdir_file *file)
{
        struct stat status;
        int fd;

        /* The type is asked for first, since to open a device is to do something to it. */
        if (fstatat(directory_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (!S_ISREG(status.st_mode))
                return S_ISLNK(status.st_mode) ? -ELOOP : -EINVAL;
        fd = openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
                close(fd);
                return -EINVAL;
        }
        *file = (struct logdir_file){.fd = fd, .device = status.st_dev, .inode = status.st_ino};
        snprintf(file->name, sizeof(file->name), "%.*s", LOGDIR_NAME_BYTES - 1, name);
        return 0;
}

static int compare_names(const void *one, const void *other)
{
        return strcmp(one, other);
}

/* Lists the newest of the files that were put aside, sorted. Returns how many, or negative errno. */
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
                        /* There is no room: the oldest is left out, which may be this one. */
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
                logdir_drop(&logdir->files[i]);
        logdir->count = 0;
}

void logdir_drop(struct logdir_file *file)
{
        if (file->fd >= 0)
                close(file->fd);
        file->fd = -1;
        file->inode = 0;
        file->read = true;
}

/* How often a directory in which files are put aside all the time is looked at, before current alone must
 * do. */
#define LOOKS_MAX 64

/* Returns the place of a file, or logdir->count if it is not there. */
static size_t find(const struct logdir *logdir, const struct logdir_file *file)
{
        size_t i = 0;

        while (i < logdir->count && !logdir_is_same(&logdir->files[i], file))
                i++;
        return i;
}

/* Closes all files but the first `count`. */
static void cut_behind(struct logdir *logdir, size_t count)
{
        while (logdir->count > count)
                close(logdir->files[--logdir->count].fd);
}

/* Takes the file over. If it is there already, the second descriptor is closed. */
static void append(struct logdir *logdir, const struct logdir_file *file)
{
        if (find(logdir, file) < logdir->count) {
                close(file->fd);
                return;
        }
        logdir->files[logdir->count++] = *file;
}

/* Opens the files that were put aside. They are removed beginning with the oldest; so if one turns out to be
 * gone, what was opened before it is beyond a gap, and is closed again. */
static int open_rotated(int directory_fd, struct logdir *logdir)
{
        char names[LOGDIR_FILES_MAX][LOGDIR_NAME_BYTES];
        int count = list_rotated(directory_fd, names);

        for (int i = 0; i < count; i++) {
                struct logdir_file file = {.fd = -1};

                if (open_file(directory_fd, names[i], &file) == 0)
                        append(logdir, &file);
                else
                        logdir_close(logdir);
        }
        return count < 0 ? count : 0;
}

static bool is_missing(int directory_fd)
{
        struct stat status;

        return fstatat(directory_fd, "current", &status, AT_SYMLINK_NOFOLLOW) < 0;
}

/*
 * Looks once. The order matters: a file that is renamed after it was opened is found again under its new
 * name, and known by its inode. *whole: there is no gap, whatever was put aside meanwhile. Returns 0, or
 * negative errno, with nothing open.
 */
static int look(int directory_fd, struct logdir *logdir, bool *whole)
{
        struct logdir_file current = {.fd = -1}, previous = {.fd = -1};
        int current_result = open_file(directory_fd, "current", &current);
        int previous_result = open_file(directory_fd, "previous", &previous);
        int result = open_rotated(directory_fd, logdir);
        size_t place;

        if (result == 0 && current_result < 0 && current_result != -ENOENT)
                result = current_result;
        if (result < 0) {
                logdir_close(logdir);
                if (current_result == 0)
                        close(current.fd);
                if (previous_result == 0)
                        close(previous.fd);
                return result;
        }
        place = current_result == 0 ? find(logdir, &current) : logdir->count;
        if (place < logdir->count) {
                /* current was put aside since: the files behind it are newer than it, and previous must have
                 * been put aside, too. */
                *whole = previous_result < 0 || find(logdir, &previous) < logdir->count;
                if (previous_result == 0)
                        close(previous.fd);
                close(current.fd);
                cut_behind(logdir, place + 1);
                return 0;
        }
        if (previous_result == 0)
                append(logdir, &previous);
        if (current_result == 0)
                append(logdir, &current);
        *whole = current_result == 0 ? !logdir_is_stale(directory_fd, &current) : is_missing(directory_fd);
        return 0;
}

int logdir_open(int directory_fd, struct logdir *logdir)
{
        bool whole = false;

        logdir->count = 0;
        for (int i = 0; i < LOOKS_MAX && !whole; i++) {
                int result;

                logdir_close(logdir);
                result = look(directory_fd, logdir, &whole);
                if (result < 0)
                        return result;
        }
        if (!whole && logdir->count > 1) {
                /* Rather show less than show a log with a gap. */
                struct logdir_file last = logdir->files[--logdir->count];

                logdir_close(logdir);
                append(logdir, &last);
        }
        return 0;
}

bool logdir_is_stale(int directory_fd, const struct logdir_file *file)
{
        struct stat status;

        return fstatat(directory_fd, "current", &status, AT_SYMLINK_NOFOLLOW) < 0 ||
               status.st_dev != file->device || status.st_ino != file->inode;
}
