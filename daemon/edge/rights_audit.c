/* SPDX-License-Identifier: ISC */
#include "daemon/edge/rights_audit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "daemon/bounds.h"

/*
 * A walk along the path, component by component, with symbolic links taken apart by hand. Every step is taken
 * from a directory that was found safe, so nobody but root can change what lies ahead between the look and
 * the step.
 */
struct walk {
        char done[PATH_MAX]; /* resolved and safe so far; without a slash at its end, so "" is the root
                                directory */
        char left[PATH_MAX]; /* still to go */
        unsigned links;
        const char *outside; /* where the walk ends, without a look */
        size_t outside_length;
        struct stat found; /* of the end of `done`, if that was looked at last */
        bool is_found;
};

/* Is there an ACL? One that lets somebody else write shows in the mode as group bits, whatever the group. */
static bool has_acl(const char *path)
{
        return lgetxattr(path, "system.posix_acl_access", NULL, 0) >= 0;
}

static bool root_group_is_shared; /* of the process: found once, at its start */

void rights_share_root_group(bool shared)
{
        root_group_is_shared = shared;
}

bool rights_is_safe(const char *path, const struct stat *found)
{
        if (found->st_uid != 0 && found->st_uid != geteuid())
                return false;
        if ((found->st_mode & S_IWOTH) != 0)
                return false;
        if ((found->st_mode & S_IWGRP) == 0)
                return true;
        return found->st_gid == 0 && !root_group_is_shared && !has_acl(path);
}

/* Takes the next component off `left`; an empty one at the end. */
static int take_component(struct walk *walk, char *component, size_t size)
{
        size_t skip = strspn(walk->left, "/");
        size_t length = strcspn(walk->left + skip, "/");

        if (length >= size)
                return -ENAMETOOLONG;
        memcpy(component, walk->left + skip, length);
        component[length] = '\0';
        memmove(walk->left, walk->left + skip + length, strlen(walk->left + skip + length) + 1);
        return 0;
}

/* Follows the link at `path`, which is in a safe directory: its text goes before what is left. */
static int follow(struct walk *walk, const char *path)
{
        char text[PATH_MAX];
        ssize_t n;
        size_t length;
        size_t rest;

        if (++walk->links > AUDIT_LINKS)
                return -ELOOP;
        n = readlink(path, text, sizeof(text));
        if (n < 0)
                return -errno;
        length = (size_t)n;
        rest = strlen(walk->left);
        if (length + rest + 1 > sizeof(walk->left))
                return -ENAMETOOLONG;
        memmove(walk->left + length, walk->left, rest + 1);
        memcpy(walk->left, text, length);
        if (length > 0 && text[0] == '/')
                walk->done[0] = '\0';
        return 0;
}

/* Goes over one component. 1: *path is not safe; 0: the component is behind us; or a negative errno. */
static int step(struct walk *walk, const char *component, char path[PATH_MAX])
{
        size_t done = strlen(walk->done);
        size_t length = strlen(component);

        walk->is_found = false;
        if (strcmp(component, ".") == 0)
                return 0;
        if (strcmp(component, "..") == 0) {
                char *slash = strrchr(walk->done, '/');

                if (slash)
                        *slash = '\0';
                return 0;
        }
        if (done + 1 + length >= PATH_MAX)
                return -ENAMETOOLONG;
        memcpy(path, walk->done, done);
        path[done] = '/';
        memcpy(path + done + 1, component, length + 1);
        if (walk->outside_length > 0 && strlen(path) == walk->outside_length &&
            memcmp(path, walk->outside, walk->outside_length) == 0)
                return 1;
        if (lstat(path, &walk->found) < 0)
                return -errno;
        if (S_ISLNK(walk->found.st_mode))
                return follow(walk, path);
        if (!rights_is_safe(path, &walk->found))
                return 1;
        memcpy(walk->done, path, done + 1 + length + 1);
        walk->is_found = true;
        return 0;
}

/* Goes over all components, and returns as step(). At the end `done` is where the path leads. */
static int walk_along(struct walk *walk, char path[PATH_MAX])
{
        char component[NAME_MAX + 1];

        for (;;) {
                int result = take_component(walk, component, sizeof(component));

                if (result < 0 || *component == '\0')
                        return result;
                result = step(walk, component, path);
                if (result != 0)
                        return result;
        }
}

static int look_at_root(char path[PATH_MAX])
{
        struct stat found;

        memcpy(path, "/", 2);
        if (lstat(path, &found) < 0)
                return -errno;
        return rights_is_safe(path, &found) ? 0 : 1;
}

/* Tells where the walk has ended. 0, or a negative errno. */
static int walk_tell(const struct walk *walk, struct rights_end *end)
{
        struct stat found = walk->found;

        if (!walk->is_found && lstat(*walk->done ? walk->done : "/", &found) < 0)
                return -errno;
        strcpy(end->path, walk->done);
        end->inode = found;
        return 0;
}

/* below: a directory that an audit led to, or NULL; end: NULL, if nobody wants to know. The walk's memory is
 * not cleared: it is as large as two paths, and there are thousands of audits. */
static int audit(const char *below, const char *path, const char *volume, struct rights_end *end,
                 char **culprit)
{
        char at[PATH_MAX];
        struct walk *walk;
        int result;
        char *copy;

        if (strlen(path) >= PATH_MAX)
                return -ENAMETOOLONG;
        walk = malloc(sizeof(*walk));
        if (!walk)
                return -ENOMEM;
        strcpy(walk->done, below ? below : "");
        strcpy(walk->left, path);
        walk->links = 0;
        walk->is_found = false;
        walk->outside = volume;
        walk->outside_length = strlen(volume);
        while (walk->outside_length > 0 && volume[walk->outside_length - 1] == '/')
                walk->outside_length--;
        result = below ? 0 : look_at_root(at);
        if (!result)
                result = walk_along(walk, at);
        if (!result && end)
                result = walk_tell(walk, end);
        free(walk);
        if (result != 1)
                return result;
        copy = strdup(at);
        if (!copy)
                return -ENOMEM;
        *culprit = copy;
        return 1;
}

int rights_audit(const char *path, char **culprit)
{
        return rights_audit_outside(path, "", culprit);
}

int rights_audit_outside(const char *path, const char *volume, char **culprit)
{
        return rights_audit_to(path, volume, NULL, culprit);
}

int rights_audit_to(const char *path, const char *volume, struct rights_end *end, char **culprit)
{
        return *path == '/' ? audit(NULL, path, volume, end, culprit) : -EINVAL;
}

int rights_audit_below(const char *directory, const char *file, const char *volume, struct rights_end *end,
                       char **culprit)
{
        return audit(directory, file, volume, end, culprit);
}
