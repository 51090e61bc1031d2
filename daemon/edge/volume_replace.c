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
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/tree.h"
#include "daemon/edge/volume_resolve.h"

/*
 * A fresh file. Nothing is held from one step to the next but one descriptor for each file system, and that
 * of the directory that was used last: a batch may be as long as there are profiles. What is swapped under us
 * between two steps costs an error, or ends in a place that is the client's all the same.
 */
struct temporary {
        bool written;    /* the file is there, and waits for its rename */
        bool is_settled; /* its directory is synced */
        int fd; /* of the first durable file on its device, open since before its first byte: so no error is
                   missed */
};

/* The directory that was used last. */
struct place {
        int volume;
        mode_t make;      /* the mode of missing directories; 0: none is made */
        int fd;           /* -1: none yet */
        const char *path; /* of a file in it */
        bool readable;    /* the directory can be synced */
};

static size_t directory_length(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? (size_t)(slash - path) : 0;
}

static bool in_same_directory(const char *path, const char *other)
{
        size_t length = directory_length(path);

        return directory_length(other) == length && memcmp(path, other, length) == 0;
}

static void place_leave(struct place *place)
{
        if (place->fd >= 0 && place->fd != place->volume)
                close(place->fd);
        place->fd = -1;
}

/* Enters a file's directory (make: if missing). Its descriptor, still the place's, or a negative errno. */
static int place_enter(struct place *place, const struct volume_file *file, mode_t make, const char **name)
{
        bool readable = file->durable;
        const char *slash = strrchr(file->path, '/');
        int fd;

        if (place->fd >= 0 && in_same_directory(place->path, file->path) && (place->readable || !readable)) {
                *name = slash ? slash + 1 : file->path;
                return place->fd;
        }
        if (!readable && volume_is_name(file->path)) {
                *name = file->path;
                fd = place->volume;
        } else {
                fd = volume_parent(place->volume, file->path, readable ? O_RDONLY : O_PATH, make, name);
        }
        if (fd == -EACCES && readable) { /* a directory that we may only write in */
                readable = false;
                fd = volume_parent(place->volume, file->path, O_PATH, make, name);
        }
        if (fd < 0)
                return fd;
        place_leave(place);
        place->fd = fd;
        place->path = file->path;
        place->readable = readable;
        return fd;
}

/* The name is always the same for a file, but where another replacement hangs, so that what a killed broker
 * left is found again. */
static int temporary_name(const char *name, char mark, char temporary[NAME_MAX + 1])
{
        const char end[] = {mark, '\0'};
        int length = snprintf(temporary, NAME_MAX + 1, ".%s" VOLUME_TEMPORARY_ENDING "%s", name, end);

        return length < 0 || length > NAME_MAX ? -ENAMETOOLONG : 0;
}

static bool claim(const struct volume_file *file)
{
        int open = VOLUME_OPEN;

        return !file->fence || atomic_compare_exchange_strong(file->fence, &open, VOLUME_CLAIMED);
}

static struct volume_made made_of(const struct stat *found)
{
        return (struct volume_made){found->st_dev, found->st_ino, found->st_size, found->st_mtim};
}

bool volume_is_made(int directory, const char *name, const struct volume_made *made)
{
        struct stat found;

        return made->inode && fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
               found.st_dev == made->device && found.st_ino == made->inode && found.st_size == made->size &&
               found.st_mtim.tv_sec == made->written.tv_sec && found.st_mtim.tv_nsec == made->written.tv_nsec;
}

/* Makes and writes a fresh file: its descriptor, or a negative errno and nothing left behind. */
static int write_temporary(int directory, const char *temporary, struct volume_file *file)
{
        const int flags = O_WRONLY | O_CREAT | O_EXCL | VOLUME_OPEN_FLAGS;
        struct stat made;
        int fd = openat(directory, temporary, flags, file->mode);
        int result;

        if (fd < 0 && errno == EEXIST) {
                /* Only what may be ours is cleared away. */
                result = volume_remove_at(directory, temporary);
                if (result < 0)
                        return result;
                fd = openat(directory, temporary, flags, file->mode);
        }
        if (fd < 0)
                return -errno;
        result = tree_write_all(fd, file->text, file->length);
        if (result == 0 && fstat(fd, &made) < 0)
                result = -errno;
        if (result < 0) {
                close(fd);
                unlinkat(directory, temporary, 0);
                return result;
        }
        volume_widen(fd, file->mode, &made);
        file->made = made_of(&made);
        return fd;
}

/* Is there a durable file on that device among the first `count`? */
static bool has_durable(const struct volume_file *files, const struct temporary *temporaries, size_t count,
                        dev_t device)
{
        for (size_t i = 0; i < count; i++)
                if (files[i].durable && temporaries[i].written && files[i].made.device == device)
                        return true;
        return false;
}

static int prepare(struct place *place, struct volume_file *files, size_t i, struct temporary *temporaries)
{
        char temporary[NAME_MAX + 1];
        const char *name = NULL;
        int directory;
        int result;
        int fd;

        if (files[i].length > VOLUME_FILE_BYTES)
                return -EFBIG;
        directory = place_enter(place, &files[i], place->make, &name);
        if (directory < 0)
                return directory;
        result = temporary_name(name, files[i].mark, temporary);
        fd = result < 0 ? result : write_temporary(directory, temporary, &files[i]);
        if (fd >= 0) {
                if (files[i].durable && !has_durable(files, temporaries, i, files[i].made.device)) {
                        temporaries[i].fd = fd;
                } else if (close(fd) < 0) { /* NFS tells only now */
                        result = -errno;
                        unlinkat(directory, temporary, 0);
                }
        }
        result = fd < 0 ? fd : result;
        temporaries[i].written = result == 0;
        return result;
}

/* Syncs by the descriptor that the first durable file of a device holds open, for all durable files there. */
static void sync_device(struct volume_file *files, struct temporary *temporaries, size_t first, size_t count)
{
        bool alone = true;
        int fd;
        int result;

        for (size_t i = first + 1; i < count; i++)
                if (files[i].durable && temporaries[i].written &&
                    files[i].made.device == files[first].made.device)
                        alone = false;
        fd = temporaries[first].fd;
        result = (alone ? fsync(fd) : syncfs(fd)) < 0 ? -errno : 0;
        if (close(fd) < 0 && result == 0)
                result = -errno;
        for (size_t i = first; i < count && result < 0; i++)
                if (files[i].durable && temporaries[i].written &&
                    files[i].made.device == files[first].made.device)
                        files[i].result = result;
}

/* Renames a fresh file into place; or, if the file has failed since, leaves no trace of it. */
static int publish(struct place *place, const struct volume_file *file)
{
        char temporary[NAME_MAX + 1];
        const char *name = NULL;
        int directory = place_enter(place, file, 0, &name);
        int result;

        if (directory < 0)
                return file->result < 0 ? file->result : directory;
        result = temporary_name(name, file->mark, temporary);
        if (result == 0)
                result = file->result;
        if (result == 0 && !claim(file))
                result = -ECANCELED;
        if (result == 0 && renameat(directory, temporary, directory, name) < 0)
                result = -errno;
        if (result < 0)
                unlinkat(directory, temporary, 0);
        return result;
}

static int remove_one(struct place *place, const struct volume_file *file)
{
        char temporary[NAME_MAX + 1];
        const char *name = NULL;
        int directory = place_enter(place, file, 0, &name);
        int result;

        if (directory < 0)
                return directory == -ENOENT ? 0 : directory;
        result = claim(file) ? volume_remove_at(directory, name) : -ECANCELED;
        /* What a killed broker had half written goes with the file: nobody would come back for that. */
        if (result == 0 && temporary_name(name, file->mark, temporary) == 0)
                volume_remove_at(directory, temporary);
        return result;
}

static int sync_directory_of(struct place *place, const struct volume_file *file)
{
        const char *name = NULL;
        int directory = place_enter(place, file, 0, &name);

        if (directory < 0)
                return directory;
        return place->readable ? volume_sync_directory(directory) : -EACCES;
}

/* Syncs the directory of one file, for all files that are in it. */
static void settle(struct place *place, struct volume_file *files, struct temporary *temporaries,
                   size_t first, size_t count)
{
        int result = sync_directory_of(place, &files[first]);

        /* Nothing was there to be removed. */
        if (result == -ENOENT && !files[first].text)
                result = 0;
        for (size_t i = first; i < count; i++) {
                if (!files[i].durable || !in_same_directory(files[first].path, files[i].path))
                        continue;
                temporaries[i].is_settled = true;
                if (files[i].result == 0)
                        files[i].result = result;
        }
}

static void replace(struct place *place, struct volume_file *files, struct temporary *temporaries,
                    size_t count)
{
        for (size_t i = 0; i < count; i++) {
                temporaries[i].fd = -1;
                files[i].result = files[i].text ? prepare(place, files, i, temporaries) : 0;
        }
        for (size_t i = 0; i < count; i++)
                if (temporaries[i].fd >= 0)
                        sync_device(files, temporaries, i, count);
        for (size_t i = 0; i < count; i++)
                if (!files[i].text)
                        files[i].result = remove_one(place, &files[i]);
                else if (temporaries[i].written)
                        files[i].result = publish(place, &files[i]);
        for (size_t i = 0; i < count; i++)
                if (files[i].durable && files[i].result == 0 && !temporaries[i].is_settled)
                        settle(place, files, temporaries, i, count);
}

static void replace_all(struct place *place, struct volume_file *files, size_t count)
{
        struct temporary *temporaries;

        if (count == 0)
                return;
        temporaries = calloc(count, sizeof(*temporaries));
        if (!temporaries) {
                for (size_t i = 0; i < count; i++)
                        files[i].result = -ENOMEM;
                return;
        }
        replace(place, files, temporaries, count);
        place_leave(place);
        free(temporaries);
}

void volume_replace(int volume, struct volume_file *files, size_t count, bool make_directories)
{
        struct place place = {.volume = volume, .make = make_directories ? 0700 : 0, .fd = -1};

        replace_all(&place, files, count);
}

void volume_replace_in(int directory, struct volume_file *files, size_t count)
{
        /* Any name, since all of them are in the directory that is entered already. */
        struct place place = {.volume = directory, .fd = directory, .path = "", .readable = true};

        replace_all(&place, files, count);
}

/* Is the file older than the broker? Files that the running broker made are younger than it is. */
static bool is_older(int directory, const char *name, int64_t before_usec)
{
        struct stat found;

        return fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(found.st_mode) &&
               found.st_mtim.tv_sec * INT64_C(1000000) + found.st_mtim.tv_nsec / 1000 < before_usec;
}

/* Is this a name of ours? Where another replacement hung, a character is behind the ending. */
static bool is_temporary(const char *name)
{
        const char *ending =
                *name == '.' && name[1] != '\0' ? strstr(name + 2, VOLUME_TEMPORARY_ENDING) : NULL;

        for (; ending; ending = strstr(ending + 1, VOLUME_TEMPORARY_ENDING))
                if (strlen(ending) <= strlen(VOLUME_TEMPORARY_ENDING) + 1)
                        return true;
        return false;
}

void volume_remove_older(int volume, const char *path, int64_t before_usec)
{
        struct place place = {.volume = volume, .fd = -1};
        const struct volume_file file = {.path = path};
        const char *name = NULL;
        int directory = place_enter(&place, &file, 0, &name);

        if (directory >= 0 && is_older(directory, name, before_usec))
                volume_remove_at(directory, name);
        place_leave(&place);
}

void volume_sweep(int volume, const char *path, int64_t before_usec)
{
        const struct dirent *entry;
        int fd = volume_resolve(volume, path, O_RDONLY);
        DIR *directory;

        if (fd < 0)
                return;
        directory = fdopendir(fd);
        if (!directory) {
                close(fd);
                return;
        }
        /* The client may have put a million files there: what of ours is missed is left to the next sweep,
         * which meets fewer. */
        for (unsigned i = 0; i < SWEEP_ENTRIES_MAX && (entry = readdir(directory)); i++)
                if (is_temporary(entry->d_name) && is_older(fd, entry->d_name, before_usec))
                        volume_remove_at(fd, entry->d_name);
        closedir(directory);
}
