/* SPDX-License-Identifier: ISC */
#include "daemon/doctor/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/edge/rights_audit.h"
#include "daemon/edge/tree_walk.h"
#include "proto/sysname.h"
/*
 * Looks at every inode under the directories that are root's. What others can write is told, but not looked
 * into: what lies behind is theirs, and may be anything. Without CAP_DAC_OVERRIDE some inodes may not be
 * looked at, which is told, too.
 */
struct permission_root {
        const char *check;
        const char *path;
};

enum { ROOT_SCANDIR, ROOT_SERVICES, ROOT_TEMPLATE, ROOT_SOCKET, ROOTS };

struct permission_walk {
        struct permission_root roots[ROOTS];
        char socket_directory[4096];
        size_t root; /* the one that is walked now; ROOTS: the broker's program is looked at */
        struct stat services;
        struct tree_walk tree;
        bool begun; /* the walk through that root */
        unsigned inodes;
        struct findings loose;
        struct findings unseen;
};

static struct permission_walk *walk_new(const struct server *server)
{
        struct permission_walk *walk = calloc(1, sizeof(*walk));
        char *slash;

        if (!walk)
                return NULL;
        snprintf(walk->socket_directory, sizeof(walk->socket_directory), "%s", server->socket_path);
        slash = strrchr(walk->socket_directory, '/');
        if (slash)
                slash[slash == walk->socket_directory] = '\0';
        walk->roots[ROOT_SCANDIR] =
                (struct permission_root){"permissions_scandir", server->registry->scandir.path};
        walk->roots[ROOT_SERVICES] =
                (struct permission_root){"permissions_services", server->registry->slots.path};
        walk->roots[ROOT_TEMPLATE] = (struct permission_root){"permissions_template", server->template_path};
        walk->roots[ROOT_SOCKET] = (struct permission_root){"permissions_socket", walk->socket_directory};
        stat(server->registry->slots.path, &walk->services);
        return walk;
}

void diagnose_permissions_drop(struct doctor *doctor)
{
        if (doctor->permissions && doctor->permissions->begun)
                tree_walk_end(&doctor->permissions->tree);
        free(doctor->permissions);
        doctor->permissions = NULL;
}

static void audit_parents(struct permission_walk *walk, const char *path)
{
        char *culprit = NULL;
        int result = rights_audit(path, &culprit);

        if (result > 0)
                findings_add(&walk->loose, culprit, NULL);
        else if (result < 0)
                findings_add(&walk->unseen, path, sysname_error_words(-result));
        free(culprit);
}

static void tell(struct doctor *doctor, const char *check, const char *path)
{
        const struct permission_walk *walk = doctor->permissions;
        char line[FINDINGS_LINE_BYTES];

        if (walk->loose.count)
                doctor_check(doctor, check, VERDICT_FAILURE,
                             "make it root's, and chmod go-w it; what others put there may have been run as "
                             "root",
                             "users other than root can write %s", findings_line(&walk->loose, line));
        else if (walk->unseen.count)
                doctor_check(doctor, check, VERDICT_WARNING,
                             "look at it yourself, as root with CAP_DAC_OVERRIDE",
                             "not everything could be looked at: %s", findings_line(&walk->unseen, line));
        else
                doctor_well(doctor, check, "only root can write %s and its parents (%u inode%s)", path,
                            walk->inodes, walk->inodes == 1 ? "" : "s");
}

static bool root_begin(struct permission_walk *walk)
{
        const char *top = walk->roots[walk->root].path;

        walk->inodes = 0;
        walk->loose = walk->unseen = (struct findings){0};
        audit_parents(walk, top);
        if (walk->loose.count || walk->unseen.count)
                return false;
        tree_walk_begin(&walk->tree, top);
        return walk->begun = true;
}

/*
 * Can others write only what is for them? FIFOs are for others to write into, but for those by which s6 takes
 * orders; so is the socket, whose mode says for whom. A link's mode means nothing.
 */
static bool is_tight(const struct tree_walk *tree)
{
        const struct stat *found = &tree->inode;
        bool owned = found->st_uid == 0 || found->st_uid == geteuid();

        if (S_ISLNK(found->st_mode))
                return owned;
        if (S_ISSOCK(found->st_mode))
                return owned && !(found->st_mode & S_IWOTH);
        if (S_ISFIFO(found->st_mode) && strcmp(tree->name, "control") != 0)
                return true;
        return rights_is_safe(tree->path, found);
}

/* The slots have a walk of their own. */
static bool is_elsewhere(const struct permission_walk *walk)
{
        const struct stat *found = &walk->tree.inode;

        return walk->root != ROOT_SERVICES && walk->tree.depth > 0 &&
               found->st_ino == walk->services.st_ino && found->st_dev == walk->services.st_dev;
}

static void look_at(struct permission_walk *walk)
{
        struct tree_walk *tree = &walk->tree;

        if (tree->error) {
                if (tree->error != ENOENT) /* ENOENT: gone again, since a service was removed */
                        findings_add(&walk->unseen, tree->path, sysname_error_words(tree->error));
                return;
        }
        if (is_elsewhere(walk)) {
                tree_walk_skip(tree);
                return;
        }
        walk->inodes++;
        if (is_tight(tree))
                return;
        findings_add(&walk->loose, tree->path, NULL);
        tree_walk_skip(tree);
}

static void root_end(struct doctor *doctor)
{
        struct permission_walk *walk = doctor->permissions;

        tell(doctor, walk->roots[walk->root].check, walk->roots[walk->root].path);
        if (walk->begun)
                tree_walk_end(&walk->tree);
        walk->begun = false;
        walk->root++;
}

static void check_binary(struct doctor *doctor)
{
        static const char deleted[] = " (deleted)";
        struct permission_walk *walk = doctor->permissions;
        char path[4096];
        ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
        char *end;

        path[length > 0 ? length : 0] = '\0';
        end = strstr(path, deleted);
        if (end && !end[strlen(deleted)]) {
                *end = '\0';
                doctor_check(doctor, "permissions_binary", VERDICT_WARNING, "restart the broker",
                             "%s was replaced since the broker was started", path);
                return;
        }
        walk->inodes = 1;
        walk->loose = walk->unseen = (struct findings){0};
        audit_parents(walk, path);
        tell(doctor, "permissions_binary", path);
}

bool diagnose_permissions(struct doctor *doctor)
{
        struct permission_walk *walk = doctor->permissions;

        if (!walk)
                walk = doctor->permissions = walk_new(doctor->server);
        if (!walk) {
                doctor_lacks_memory(doctor);
                return true;
        }
        if (walk->root == ROOTS) {
                check_binary(doctor);
                diagnose_permissions_drop(doctor);
                return true;
        }
        if (!walk->begun && !root_begin(walk)) {
                root_end(doctor);
                return false;
        }
        if (tree_walk_next(&walk->tree))
                look_at(walk);
        else
                root_end(doctor);
        return false;
}
