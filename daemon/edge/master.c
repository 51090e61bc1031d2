/* SPDX-License-Identifier: ISC */
#include "daemon/edge/master.h"

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
#include "daemon/edge/rights.h"
#include "daemon/edge/slot_environment.h"
#include "daemon/edge/tree.h"
#include "daemon/log/clock.h"

/* What tells whether an inode is still the same, with the same content. */
struct mark {
        dev_t device;
        ino_t inode;
        mode_t mode;
        off_t size;
        struct timespec written;
        struct timespec changed;
};

struct master_entry {
        char path[MASTER_PATH_BYTES]; /* below the template; "." is the template itself */
        bool is_linked;               /* a file that slots share */
        struct mark template;
        struct mark own; /* of the copy's file, where it is linked */
};

struct master {
        char parent[PATH_MAX];
        char name[NAME_MAX + 1];
        gid_t client_gid;
        bool whole; /* the copy is there, and made of the template that these entries describe: */
        size_t count;
        struct master_entry entries[MASTER_ENTRIES];
};

struct master *master_new(const char *services, gid_t client_gid)
{
        struct master *master = calloc(1, sizeof(*master));
        const char *slash = strrchr(services, '/');

        if (!master || !slash)
                return master;
        if (snprintf(master->parent, sizeof(master->parent), "%.*s/", (int)(slash - services), services) >=
                    (int)sizeof(master->parent) ||
            snprintf(master->name, sizeof(master->name), "%s.template", slash + 1) >=
                    (int)sizeof(master->name)) {
                free(master);
                return NULL;
        }
        master->client_gid = client_gid;
        return master;
}

void master_free(struct master *master)
{
        free(master);
}

static int see(int at, const char *path, struct mark *mark)
{
        struct stat found;

        if (fstatat(at, path, &found, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        *mark = (struct mark){found.st_dev,  found.st_ino,  found.st_mode,
                              found.st_size, found.st_mtim, found.st_ctim};
        return 0;
}

static bool is_same_time(struct timespec one, struct timespec other)
{
        return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

/* Compares all but the time of the inode's change, which each link sets. */
static bool has_same_content(const struct mark *one, const struct mark *other)
{
        return one->device == other->device && one->inode == other->inode && one->mode == other->mode &&
               one->size == other->size && is_same_time(one->written, other->written);
}

static bool template_is_same(const struct master *master, int template_fd)
{
        struct mark now = {0};

        for (size_t i = 0; i < master->count; i++) {
                const struct mark *before = &master->entries[i].template;

                if (see(template_fd, master->entries[i].path, &now) || !has_same_content(&now, before) ||
                    !is_same_time(now.changed, before->changed))
                        return false;
        }
        return true;
}

/* The path of the copy's file that is linked. False: it does not fit. */
static bool own_path(const struct master *master, const char *path, char own[PATH_MAX])
{
        return snprintf(own, PATH_MAX, "%s%s/%s", master->parent, master->name, path) < PATH_MAX;
}

static bool copy_is_same(const struct master *master)
{
        char path[PATH_MAX];
        struct mark now = {0};

        for (size_t i = 0; i < master->count; i++) {
                const struct master_entry *entry = &master->entries[i];

                if (entry->is_linked && (!own_path(master, entry->path, path) || see(AT_FDCWD, path, &now) ||
                                         !has_same_content(&now, &entry->own)))
                        return false;
        }
        return true;
}

/* Was the inode changed just now, or later, by a clock that was set back since? What is written within the
 * kernel's tick would not be seen. */
static bool is_just_written(const struct mark *mark)
{
        int64_t usec = (int64_t)mark->changed.tv_sec * 1000000 + mark->changed.tv_nsec / 1000;

        return usec > clock_utc_usec() - STORE_CLOCK_USEC;
}

static int collect(struct master *master, int template_fd, const char *path, bool shared, unsigned depth);

static int collect_entry(struct master *master, int template_fd, const char *path, const char *name,
                         bool shared, unsigned depth)
{
        char below[MASTER_PATH_BYTES];
        bool top = strcmp(path, ".") == 0;

        if (snprintf(below, sizeof(below), "%s%s%s", top ? "" : path, top ? "" : "/", name) >=
            (int)sizeof(below))
                return -ENAMETOOLONG;
        /* Scripts may write in these directories. */
        shared = shared && strcmp(name, "data") != 0 && strcmp(name, "env") != 0;
        return collect(master, template_fd, below, shared, depth + 1);
}

static int collect_directory(struct master *master, int template_fd, const char *path, bool shared,
                             unsigned depth)
{
        int fd = tree_open(template_fd, path);
        DIR *directory = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;
        int result = 0;

        if (!directory) {
                result = fd < 0 ? fd : -errno;
                if (fd >= 0)
                        close(fd);
                return result;
        }
        while (result == 0 && (errno = 0, entry = readdir(directory)))
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        result = collect_entry(master, template_fd, path, entry->d_name, shared, depth);
        if (result == 0 && errno)
                result = -errno;
        closedir(directory);
        return result;
}

/* Collects an entry; a directory comes before what is in it. tree_copy() refuses what a slot cannot have. */
static int collect(struct master *master, int template_fd, const char *path, bool shared, unsigned depth)
{
        struct master_entry *entry = &master->entries[master->count];
        int result;

        if (master->count == MASTER_ENTRIES || depth > TEMPLATE_DEPTH)
                return -E2BIG;
        result = see(template_fd, path, &entry->template);
        if (result)
                return result;
        if (is_just_written(&entry->template))
                return -EAGAIN;
        snprintf(entry->path, sizeof(entry->path), "%s", path);
        entry->is_linked = shared && S_ISREG(entry->template.mode);
        master->count++;
        if (S_ISDIR(entry->template.mode))
                return collect_directory(master, template_fd, path, shared, depth);
        return S_ISREG(entry->template.mode) ? 0 : -EINVAL;
}

/* A directory of the client's group, which what is made in it takes over, without a capability. */
static int make_fresh(const struct master *master, int own)
{
        bool grouped = rights_group_begin(master->client_gid);
        int result = tree_make(own, MASTER_FRESH, 0700);

        if (result == 0 && fchmodat(own, MASTER_FRESH, S_ISGID | 0700, 0) < 0)
                result = -errno;
        if (grouped)
                rights_group_end();
        return result;
}

static int copy_all(struct master *master, int template_fd, int parent)
{
        int own = tree_make(parent, master->name, 0700);
        int result = own;

        if (result == 0)
                result = own = tree_open(parent, master->name);
        if (own >= 0) {
                result = tree_copy(template_fd, own);
                if (result == 0)
                        result = tree_write(own, MASTER_DOWN, "", 0, 0644);
                if (result == 0)
                        result = make_fresh(master, own);
                for (size_t i = 0; result == 0 && i < master->count; i++)
                        if (master->entries[i].is_linked)
                                result = see(own, master->entries[i].path, &master->entries[i].own);
                close(own);
        }
        return result;
}

/* Makes the copy. False: slots are copied for now. */
static bool master_make(struct master *master, int template_fd)
{
        int parent, result;

        master->whole = false;
        master->count = 0;
        if (collect(master, template_fd, ".", true, 0))
                return false;
        parent = open(master->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (parent < 0)
                return false;
        result = tree_remove(parent, master->name);
        if (result == 0)
                result = copy_all(master, template_fd, parent);
        /* Somebody may have written to the template meanwhile. */
        master->whole = result == 0 && template_is_same(master, template_fd);
        if (!master->whole)
                tree_remove(parent, master->name);
        close(parent);
        return master->whole;
}

/* Where there are too many links, or the copy's file is gone, the copy is made anew for the next slot. */
static int link_own(struct master *master, const char *own, int to, const char *path)
{
        if (linkat(AT_FDCWD, own, to, path, 0) == 0)
                return 0;
        if (errno == EMLINK || errno == ENOENT)
                master->whole = false;
        return -errno;
}

bool master_link_down(struct master *master, int to, const char *path)
{
        char own[PATH_MAX];

        return master && master->whole && own_path(master, MASTER_DOWN, own) &&
               link_own(master, own, to, path) == 0;
}

bool master_make_env(struct master *master, int to, const char *path)
{
        char own[PATH_MAX];
        bool done;
        int fd;

        if (!master || !master->whole || !own_path(master, MASTER_FRESH "/env", own))
                return false;
        fd = open(own, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        if (fd < 0) {
                master->whole = false; /* the copy is made anew for the next slot */
                return false;
        }
        done = fchmod(fd, ENVIRONMENT_MODE) == 0;
        close(fd);
        return done && renameat(AT_FDCWD, own, to, path) == 0;
}

/* Links a file, or copies it, whatever keeps it from being linked. */
static int fill_file(struct master *master, const struct master_entry *entry, int template_fd, int to)
{
        char own[PATH_MAX];

        if (entry->is_linked && own_path(master, entry->path, own)) {
                int result = link_own(master, own, to, entry->path);

                if (result == 0 || result == -EEXIST)
                        return result;
        }
        return tree_copy_file(template_fd, to, entry->path);
}

bool master_is_current(const struct master *master, int template_fd)
{
        return master && master->whole && template_is_same(master, template_fd) && copy_is_same(master);
}

int master_fill(struct master *master, bool is_current, int template_fd, int to)
{
        int result = 0;

        if (!master || (!is_current && !master_make(master, template_fd)))
                return tree_copy(template_fd, to);
        for (size_t i = 1; result == 0 && i < master->count; i++) {
                const struct master_entry *entry = &master->entries[i];
                mode_t mode = entry->template.mode;

                result = S_ISDIR(mode) ? tree_make(to, entry->path, TREE_DIRECTORY_MODE(mode))
                                       : fill_file(master, entry, template_fd, to);
        }
        return result;
}
