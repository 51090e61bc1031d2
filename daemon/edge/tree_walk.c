/* SPDX-License-Identifier: ISC */
#include "daemon/edge/tree_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void tree_walk_begin(struct tree_walk *walk, const char *top)
{
        size_t length = strnlen(top, sizeof(walk->path) - 1);

        memcpy(walk->path, top, length);
        walk->path[length] = '\0';
        walk->name = walk->path;
        walk->error = 0;
        walk->depth = 0;
        walk->begun = walk->enter = false;
}

static void meet_top(struct tree_walk *walk)
{
        walk->begun = true;
        walk->error = stat(walk->path, &walk->inode) < 0 ? errno : 0;
        walk->device = walk->inode.st_dev;
        walk->enter = !walk->error && S_ISDIR(walk->inode.st_mode);
}

static int open_directory(const struct tree_walk *walk)
{
        int flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC;

        return walk->depth ? openat(dirfd(walk->open[walk->depth - 1]), walk->name, flags | O_NOFOLLOW)
                           : open(walk->path, flags);
}

/* Opens the directory that was met last. 0, or an errno. */
static int enter(struct tree_walk *walk)
{
        size_t length = strlen(walk->path);
        int fd, error;

        if (walk->depth == TREE_DEPTH)
                return ELOOP;
        if (length + 1 >= sizeof(walk->path))
                return ENAMETOOLONG;
        fd = open_directory(walk);
        if (fd < 0)
                return errno;
        walk->open[walk->depth] = fdopendir(fd);
        if (!walk->open[walk->depth]) {
                error = errno;
                close(fd);
                return error;
        }
        if (length == 0 || walk->path[length - 1] != '/')
                walk->path[length++] = '/';
        walk->lengths[walk->depth++] = length;
        return 0;
}

static bool is_dot(const char *name)
{
        return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* The next name in the directory that was opened last; NULL: there is none, or it cannot be read (errno). */
static const char *next_name(struct tree_walk *walk)
{
        const struct dirent *entry;

        do {
                errno = 0;
                entry = readdir(walk->open[walk->depth - 1]);
        } while (entry && is_dot(entry->d_name));
        return entry ? entry->d_name : NULL;
}

static void meet(struct tree_walk *walk, const char *name)
{
        size_t at = walk->lengths[walk->depth - 1], length = strlen(name);

        if (at + length >= sizeof(walk->path)) {
                walk->path[at] = '\0';
                walk->error = ENAMETOOLONG;
                return;
        }
        memcpy(walk->path + at, name, length + 1);
        walk->name = walk->path + at;
        if (fstatat(dirfd(walk->open[walk->depth - 1]), name, &walk->inode, AT_SYMLINK_NOFOLLOW) < 0)
                walk->error = errno;
        else
                walk->enter = S_ISDIR(walk->inode.st_mode) && walk->inode.st_dev == walk->device;
}

static void leave(struct tree_walk *walk)
{
        closedir(walk->open[--walk->depth]);
        walk->path[walk->lengths[walk->depth]] = '\0';
}

bool tree_walk_next(struct tree_walk *walk)
{
        if (!walk->begun) {
                meet_top(walk);
                return true;
        }
        walk->error = walk->enter ? enter(walk) : 0;
        walk->enter = false;
        while (!walk->error && walk->depth) {
                const char *name = next_name(walk);

                if (name) {
                        meet(walk, name);
                        return true;
                }
                walk->error = errno;
                leave(walk);
        }
        return walk->error != 0;
}

void tree_walk_skip(struct tree_walk *walk)
{
        walk->enter = false;
}

void tree_walk_end(struct tree_walk *walk)
{
        while (walk->depth)
                leave(walk);
}
