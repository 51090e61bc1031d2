/* SPDX-License-Identifier: ISC */
#include "daemon/edge/volume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/edge/tree.h"
#include "daemon/edge/volume_resolve.h"
#include "proto/name.h"
#include "proto/sorted.h"

int volume_open(const char *home)
{
        int fd = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

int volume_may_write(int volume, const char *path)
{
        /* Not the C library's: where the kernel lacks the call, that goes by other ids than the
         * file-system's. */
        if (syscall(SYS_faccessat2, volume, path, W_OK | X_OK, AT_EACCESS) == 0)
                return 0;
        /* EPERM is seccomp's: permissions are EACCES. */
        return errno == EPERM ? -ENOSYS : -errno;
}

int volume_read(int volume, const char *path, char **text)
{
        char *bytes = NULL;
        size_t length = 0;
        int result = volume_open_file(volume, path, O_RDONLY);

        if (result >= 0)
                result = tree_read_open(result, VOLUME_FILE_BYTES, &bytes, &length);
        if (result < 0)
                return result == -ENXIO ? -EINVAL : result; /* a socket cannot even be opened */
        if (memchr(bytes, '\0', length)) {
                free(bytes);
                return -EBADMSG;
        }
        *text = bytes;
        return 0;
}

int volume_remove(int volume, const char *path)
{
        const char *name = NULL;
        int directory, result;

        if (volume_is_name(path))
                return volume_remove_at(volume, path);
        directory = volume_parent(volume, path, O_PATH, 0, &name);
        if (directory < 0)
                return directory == -ENOENT ? 0 : directory;
        result = volume_remove_at(directory, name);
        close(directory);
        return result;
}

int volume_look(int volume, const char *path)
{
        struct stat found;
        int fd;

        if (volume_is_name(path)) {
                if (fstatat(volume, path, &found, AT_SYMLINK_NOFOLLOW) == 0)
                        return 1;
                return errno == ENOENT ? 0 : -errno;
        }
        fd = volume_open_file(volume, path, O_PATH);
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        close(fd);
        return 1;
}

bool volume_has(int volume, const char *path)
{
        return volume_look(volume, path) > 0;
}

/* Reads at most `most` bytes from where the descriptor stands; cut: less what is before the first newline. */
static int read_tail(int fd, size_t most, bool cut, char **text)
{
        size_t length = 0;
        char *bytes = malloc(most + 1);
        size_t begin;

        if (!bytes)
                return -ENOMEM;
        while (length < most) {
                ssize_t n = read(fd, bytes + length, most - length);

                if (n < 0 && errno != EINTR) {
                        int result = -errno;

                        free(bytes);
                        return result;
                }
                if (n == 0)
                        break;
                length += n > 0 ? (size_t)n : 0;
        }
        for (size_t i = 0; i < length; i++)
                if (bytes[i] == '\0')
                        bytes[i] = '\n';
        bytes[length] = '\0';
        begin = cut ? strcspn(bytes, "\n") : 0;
        begin += cut && bytes[begin] == '\n';
        memmove(bytes, bytes + begin, length - begin + 1);
        *text = bytes;
        return 0;
}

int volume_read_tail(int volume, const char *path, size_t most, char **text)
{
        struct stat found;
        int fd = volume_open_regular(volume, path, O_RDONLY, &found);
        int result;
        bool cut;

        if (fd < 0)
                return fd;
        result = 0;
        cut = (uintmax_t)found.st_size > most;
        /* The byte before them is read too: if it is a newline, the first line is whole. */
        if (cut && lseek(fd, found.st_size - (off_t)most - 1, SEEK_SET) < 0)
                result = -errno;
        if (result == 0)
                result = read_tail(fd, most + cut, cut, text);
        close(fd);
        return result;
}

static int make_log(int directory, const char *name, mode_t mode)
{
        int fd = openat(directory, name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | VOLUME_OPEN_FLAGS, mode);

        if (fd < 0)
                return -errno;
        volume_widen(fd, mode, NULL);
        return fd;
}

/* Moves a full log (`fd`, which is closed) out of the way of a new one, whose descriptor it returns. */
static int rotate_log(int directory, const char *name, mode_t mode, int fd)
{
        char old[NAME_MAX + 1];

        close(fd);
        if (snprintf(old, sizeof(old), "%s.1", name) >= (int)sizeof(old))
                return -ENAMETOOLONG;
        if (renameat(directory, name, directory, old) < 0)
                return -errno;
        return make_log(directory, name, mode);
}

/* Makes a log anew, in the place of a full one (`fd`, which is closed; or -ENOENT). */
static int begin_log(int volume, const char *path, mode_t mode, int fd)
{
        const char *name = NULL;
        int directory = volume_parent(volume, path, O_PATH, mode == 0600 ? 0700 : 0755, &name);

        if (directory < 0) {
                if (fd >= 0)
                        close(fd);
                return directory;
        }
        fd = fd < 0 ? make_log(directory, name, mode) : rotate_log(directory, name, mode, fd);
        close(directory);
        return fd;
}

/* mode: of the file; for 0600 its directories are 0700, else 0755. most: a file of that size is rotated. */
static int append(int volume, const char *path, mode_t mode, off_t most, const char *text, size_t length)
{
        /* A file that is made here and has its mode at once needs no look whether it was there. */
        int flags = O_WRONLY | O_APPEND | (mode == VOLUME_MODE_MADE ? O_CREAT : 0);
        struct stat found = {0};
        int fd = volume_open_regular(volume, path, flags, &found);
        int result;

        if (fd == -ENOENT || (fd >= 0 && found.st_size >= most))
                fd = begin_log(volume, path, mode, fd);
        if (fd < 0)
                return fd;
        result = tree_write_all(fd, text, length);
        if (close(fd) < 0 && result == 0)
                result = -errno;
        return result;
}

int volume_append_log(int volume, const char *path, const char *text, size_t length)
{
        return append(volume, path, 0644, VOLUME_BOOT_LOG_BYTES, text, length);
}

int volume_append_lines(int volume, const char *path, const char *text, size_t length, size_t most)
{
        return append(volume, path, 0600, (off_t)most, text, length);
}

static bool is_of_kind(int at, const struct dirent *entry, unsigned kinds)
{
        unsigned char type = entry->d_type;
        struct stat found;

        if (type == DT_UNKNOWN && fstatat(at, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) == 0)
                type = (unsigned char)IFTODT(found.st_mode);
        return (type == DT_DIR && kinds & VOLUME_DIRECTORIES) || (type == DT_REG && kinds & VOLUME_REGULAR) ||
               (type == DT_LNK && kinds & VOLUME_LINKS && name_check_profile(entry->d_name) == NAME_OK);
}

static int compare_name(const void *key, const void *element)
{
        return strcmp(key, *(char *const *)element);
}

/* Puts the name where it belongs in the order; of more than `most` names the last ones are dropped. */
static int insert_name(char **names, size_t most, size_t *count, const char *name)
{
        /* The place is sought by halves: there may be a million names, in the worst order. */
        size_t place = sorted_place(name, names, *count, sizeof(*names), compare_name);
        char *copy;

        if (place == most)
                return 0;
        copy = strdup(name);
        if (!copy)
                return -ENOMEM;
        if (*count == most)
                free(names[--*count]);
        memmove(names + place + 1, names + place, (*count - place) * sizeof(*names));
        names[place] = copy;
        ++*count;
        return 0;
}

static int collect_names(DIR *directory, unsigned kinds, char **names, size_t most, size_t *count)
{
        for (;;) {
                const struct dirent *entry;
                int result;

                errno = 0;
                entry = readdir(directory);
                if (!entry)
                        return -errno;
                if (entry->d_name[0] == '.' || !is_of_kind(dirfd(directory), entry, kinds))
                        continue;
                result = insert_name(names, most, count, entry->d_name);
                if (result < 0)
                        return result;
        }
}

int volume_directories(int volume, const char *path, size_t most, char ***names, size_t *count)
{
        return volume_list(volume, path, VOLUME_DIRECTORIES, most, names, count);
}

int volume_list(int volume, const char *path, unsigned kinds, size_t most, char ***names, size_t *count)
{
        size_t found = 0;
        int entered = kinds & VOLUME_LINKS ? volume_enter(volume, path) : volume;
        int fd = entered < 0 ? entered : volume_resolve(entered, entered == volume ? path : ".", O_RDONLY);
        char **list;
        int result;
        DIR *directory;

        if (entered >= 0 && entered != volume)
                close(entered);
        if (fd < 0 && fd != -ENOENT)
                return fd;
        /* One place at least, so that an empty list is no null pointer. */
        list = calloc(most > 0 ? most : 1, sizeof(*list));
        result = list ? 0 : -ENOMEM;
        directory = result == 0 && fd >= 0 ? fdopendir(fd) : NULL;
        if (directory) {
                result = collect_names(directory, kinds, list, most, &found);
                closedir(directory);
        } else if (fd >= 0) {
                result = result < 0 ? result : -errno;
                close(fd);
        }
        if (result < 0) {
                volume_names_free(list, found);
                return result;
        }
        *names = list;
        *count = found;
        return 0;
}

void volume_names_free(char **names, size_t count)
{
        for (size_t i = 0; i < count; i++)
                free(names[i]);
        free(names);
}
