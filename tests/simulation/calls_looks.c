/* SPDX-License-Identifier: ISC */
/* The broker's looks at what is there: what they find must not depend on the machine. */
#include <dirent.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "calls.h"

#define LISTED_MOST 512
#define LISTS_MOST 64

/* The directories above the world's, whatever they are, are like "/". */
static bool is_above(const char *path)
{
        size_t length = strlen(path);

        return strcmp(path, "/") == 0 || (strncmp(path, sim_path, length) == 0 && sim_path[length] == '/');
}

/* Of the n-th boot: its own number is the file system's choice. */
static ino_t number_of_space(ino_t inode)
{
        if (core->space_inode != inode) {
                core->space_inode = inode;
                core->spaces++;
        }
        return 4026531836 + core->spaces;
}

static int look(int result, const char *path, struct stat *found)
{
        if (result < 0)
                return result;
        stat_adapt(found);
        if (is_above(path))
                found->st_mode = S_IFDIR | 0755;
        if (strcmp(path, "/proc/self/ns/pid") == 0)
                found->st_ino = number_of_space(found->st_ino);
        return result;
}

#define STAT(name)                                                                                           \
        int __real_##name(const char *path, struct stat *found);                                             \
        int __wrap_##name(const char *path, struct stat *found);                                             \
        int __wrap_##name(const char *path, struct stat *found)                                              \
        {                                                                                                    \
                char other[PATH_MAX];                                                                        \
                                                                                                             \
                if (!sim_inside)                                                                             \
                        return __real_##name(path, found);                                                   \
                errno = call_fails(#name, 0);                                                                \
                return look(__real_##name(path_redirect(path, other, sizeof(other)) ? other : path, found),  \
                            path, found);                                                                    \
        }
STAT(stat64)
STAT(lstat64)

int __real_fstat64(int fd, struct stat *found);
int __wrap_fstat64(int fd, struct stat *found);
int __wrap_fstat64(int fd, struct stat *found)
{
        int result;

        if (!sim_inside)
                return __real_fstat64(fd, found);
        if (fd == STDERR_FILENO) {
                *found = (struct stat){.st_mode = S_IFREG};
                return 0;
        }
        errno = call_fails("fstat", 0);
        result = __real_fstat64(fd, found);
        if (result == 0)
                stat_adapt(found);
        return result;
}

int __real_fstatat64(int at, const char *path, struct stat *found, int flags);
int __wrap_fstatat64(int at, const char *path, struct stat *found, int flags);
int __wrap_fstatat64(int at, const char *path, struct stat *found, int flags)
{
        int result;

        if (!sim_inside)
                return __real_fstatat64(at, path, found, flags);
        errno = call_fails("fstatat", 0);
        result = __real_fstatat64(at, path, found, flags);
        if (result == 0)
                stat_adapt(found);
        return result;
}

/* What it looks at is looked at by the library. */
FTSENT *__real_fts64_read(FTS *walk);
FTSENT *__wrap_fts64_read(FTS *walk);
FTSENT *__wrap_fts64_read(FTS *walk)
{
        FTSENT *entry = __real_fts64_read(walk);

        if (sim_inside && entry && entry->fts_info != FTS_NS && entry->fts_info != FTS_NSOK)
                stat_adapt(entry->fts_statp);
        return entry;
}

/* Always the same room, or none. */
static int room(struct statvfs *found)
{
        bool full = core->volume_full_until_usec > core->now_usec && !core->quiet;

        *found = (struct statvfs){.f_bsize = 4096,
                                  .f_frsize = 4096,
                                  .f_blocks = 1 << 20,
                                  .f_bfree = full ? 0 : 1 << 19,
                                  .f_bavail = full ? 0 : 1 << 19,
                                  .f_files = 1 << 20,
                                  .f_ffree = 1 << 19,
                                  .f_favail = 1 << 19,
                                  .f_namemax = 255};
        if (core->volume_read_only_until_usec > core->now_usec && !core->quiet)
                found->f_flag = ST_RDONLY;
        return 0;
}

int __real_fstatvfs64(int fd, struct statvfs *found);
int __wrap_fstatvfs64(int fd, struct statvfs *found);
int __wrap_fstatvfs64(int fd, struct statvfs *found)
{
        return sim_inside ? room(found) : __real_fstatvfs64(fd, found);
}

int __real_statvfs64(const char *path, struct statvfs *found);
int __wrap_statvfs64(const char *path, struct statvfs *found);
int __wrap_statvfs64(const char *path, struct statvfs *found)
{
        return sim_inside ? room(found) : __real_statvfs64(path, found);
}

/* No file system here is noexec, whatever the real one is. */
int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
        char other[PATH_MAX];

        if (!sim_inside)
                return __real_access(path, mode);
        return __real_access(path_redirect(path, other, sizeof(other)) ? other : path, mode & ~X_OK);
}

/* A directory's names come in an order that is the file system's own: here it is the seed's. */
static struct list {
        DIR *directory;
        unsigned at, count;
        struct dirent *entries;
} lists[LISTS_MOST];

struct dirent *__real_readdir64(DIR *directory);
struct dirent *__wrap_readdir64(DIR *directory);

static int compare(const void *left, const void *right)
{
        return strcmp(((const struct dirent *)left)->d_name, ((const struct dirent *)right)->d_name);
}

static void list_read(struct list *list)
{
        struct dirent *entry;

        list->entries = malloc(LISTED_MOST * sizeof(*entry));
        list->count = list->at = 0;
        while (list->count < LISTED_MOST && (entry = __real_readdir64(list->directory)))
                memcpy(&list->entries[list->count++], entry, entry->d_reclen);
        qsort(list->entries, list->count, sizeof(*entry), compare);
        for (unsigned i = 0; i + 1 < list->count; i++) {
                unsigned other = i + sim_below(list->count - i);
                struct dirent kept = list->entries[i];

                list->entries[i] = list->entries[other];
                list->entries[other] = kept;
        }
}

static struct list *list_of(const DIR *directory)
{
        for (unsigned i = 0; i < LISTS_MOST; i++)
                if (lists[i].directory == directory)
                        return &lists[i];
        return NULL;
}

static void list_drop(const DIR *directory)
{
        struct list *list = list_of(directory);

        if (!list)
                return;
        free(list->entries);
        *list = (struct list){NULL, 0, 0, NULL};
}

struct dirent *__wrap_readdir64(DIR *directory)
{
        struct list *list;

        if (!sim_inside)
                return __real_readdir64(directory);
        list = list_of(directory);
        if (!list) {
                list = list_of(NULL);
                SIM_HOLDS(list, "descriptors", "%d directories are read at once", LISTS_MOST);
                list->directory = directory;
                sim_inside = false;
                list_read(list);
                sim_inside = true;
        }
        return list->at < list->count ? &list->entries[list->at++] : NULL;
}

void __real_rewinddir(DIR *directory);
void __wrap_rewinddir(DIR *directory);
void __wrap_rewinddir(DIR *directory)
{
        if (sim_inside)
                list_drop(directory);
        __real_rewinddir(directory);
}

int __real_closedir(DIR *directory);
int __wrap_closedir(DIR *directory);
int __wrap_closedir(DIR *directory)
{
        if (sim_inside) {
                list_drop(directory);
                descriptor_closed(dirfd(directory));
        }
        return __real_closedir(directory);
}

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
        char other[PATH_MAX];

        if (!sim_inside)
                return __real_opendir(path);
        errno = call_fails("opendir", MAY_LACK_FD | MAY_LACK_MEMORY);
        if (errno)
                return NULL;
        return __real_opendir(path_redirect(path, other, sizeof(other)) ? other : path);
}

DIR *__real_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd)
{
        if (sim_inside) {
                errno = call_fails("fdopendir", MAY_LACK_MEMORY);
                if (errno)
                        return NULL;
        }
        return __real_fdopendir(fd);
}
