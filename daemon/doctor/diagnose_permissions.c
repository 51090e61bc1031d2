/* SPDX-License-Identifier: ISC */
#include "daemon/doctor/doctor.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/edge/rights_audit.h"
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
        FTS *fts; /* NULL: not begun */
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
        if (doctor->permissions && doctor->permissions->fts)
                fts_close(doctor->permissions->fts);
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
        char *top[] = {(char *)walk->roots[walk->root].path, NULL};

        walk->inodes = 0;
        walk->loose = walk->unseen = (struct findings){0};
        audit_parents(walk, top[0]);
        if (walk->loose.count || walk->unseen.count)
                return false;
        walk->fts = fts_open(top, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW | FTS_XDEV, NULL);
        if (!walk->fts)
                findings_add(&walk->unseen, top[0], sysname_error_words(errno));
        return walk->fts != NULL;
}

/*
 * Can others write only what is for them? FIFOs are for others to write into, but for those by which s6 takes
 * orders; so is the socket, whose mode says for whom. A link's mode means nothing.
 */
static bool is_tight(const FTSENT *entry)
{
        const struct stat *found = entry->fts_statp;
        bool owned = found->st_uid == 0 || found->st_uid == geteuid();

        if (S_ISLNK(found->st_mode))
                return owned;
        if (S_ISSOCK(found->st_mode))
                return owned && !(found->st_mode & S_IWOTH);
        if (S_ISFIFO(found->st_mode) && strcmp(entry->fts_name, "control") != 0)
                return true;
        return rights_is_safe(entry->fts_path, found);
}

static void look_at(struct permission_walk *walk, FTSENT *entry)
{
        switch (entry->fts_info) {
        case FTS_DP:
                return;
        case FTS_NS:
        case FTS_DNR:
        case FTS_ERR:
                if (entry->fts_errno != ENOENT) /* ENOENT: gone again, since a service was removed */
                        findings_add(&walk->unseen, entry->fts_path, sysname_error_words(entry->fts_errno));
                return;
        default:
                break;
        }
        /* The slots have a walk of their own. */
        if (walk->root != ROOT_SERVICES && entry->fts_info == FTS_D && entry->fts_level > 0 &&
            entry->fts_statp->st_ino == walk->services.st_ino &&
            entry->fts_statp->st_dev == walk->services.st_dev) {
                fts_set(walk->fts, entry, FTS_SKIP);
                return;
        }
        walk->inodes++;
        if (is_tight(entry))
                return;
        findings_add(&walk->loose, entry->fts_path, NULL);
        if (entry->fts_info == FTS_D)
                fts_set(walk->fts, entry, FTS_SKIP);
}

static void root_end(struct doctor *doctor)
{
        struct permission_walk *walk = doctor->permissions;

        tell(doctor, walk->roots[walk->root].check, walk->roots[walk->root].path);
        if (walk->fts)
                fts_close(walk->fts);
        walk->fts = NULL;
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
        FTSENT *entry;

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
        if (!walk->fts && !root_begin(walk)) {
                root_end(doctor);
                return false;
        }
        entry = fts_read(walk->fts);
        if (entry)
                look_at(walk, entry);
        else
                root_end(doctor);
        return false;
}
