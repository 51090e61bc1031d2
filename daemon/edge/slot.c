/* SPDX-License-Identifier: ISC */
#include "daemon/edge/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/exchange.h"
#include "daemon/edge/master.h"
#include "daemon/edge/slot_environment.h"
#include "daemon/edge/slot_files.h"
#include "daemon/edge/slot_history.h"
#include "daemon/edge/slot_program.h"
#include "daemon/edge/tree.h"
#include "proto/limits.h"

/* A service name with a dot before it and a tilde behind. */
#define NAME_SIZE (LIMIT_SERVICE_NAME_BYTES + 3)

int slots_open(struct slots *slots, const char *path, const char *template_path, gid_t client_gid,
               const char **what)
{
        struct stat info;
        struct slots opened = {.fd = -1, .template_fd = -1, .path = path, .client_gid = client_gid};
        int result = 0;

        slots->fd = slots->template_fd = -1;
        slots->master = NULL;
        *what = path;
        if (*path != '/')
                return -EINVAL;
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
                return -errno;
        opened.fd = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
        if (opened.fd < 0)
                return -errno;
        /* A broker killed just after mkdir left 0700. What others can write stays as it is, for the audit to
         * refuse. */
        if (fstat(opened.fd, &info) < 0 || ((info.st_mode & 07777) == 0700 && fchmod(opened.fd, 0755) < 0)) {
                result = -errno;
        } else {
                opened.template_fd = open(template_path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
                *what = template_path;
                result = opened.template_fd < 0 ? -errno : 0;
        }
        if (result < 0) {
                close(opened.fd);
                return result;
        }
        opened.master = master_new(path, client_gid);
        *slots = opened;
        return 0;
}

void slots_close(struct slots *slots)
{
        if (slots->fd >= 0)
                close(slots->fd);
        if (slots->template_fd >= 0)
                close(slots->template_fd);
        slots->fd = slots->template_fd = -1;
        master_free(slots->master);
        slots->master = NULL;
}

static void staged_name(const char *name, char staged[NAME_SIZE])
{
        snprintf(staged, NAME_SIZE, ".%s", name);
}

static void gone_name(const char *name, char gone[NAME_SIZE])
{
        snprintf(gone, NAME_SIZE, ".%s~", name);
}

static bool has_directory(int at, const char *name)
{
        struct stat found;

        return fstatat(at, name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(found.st_mode);
}

/* Makes what s6-supervise would make, in advance: so it can be watched, and nobody else can look into it. */
static int make_supervise(int at)
{
        int result = tree_make(at, "supervise", 0700);

        return result < 0 ? result : tree_make(at, "event", 0700);
}

static int make_down(const struct slots *slots, int slot, const char *path)
{
        return master_link_down(slots->master, slot, path) ? 0 : tree_write(slot, path, "", 0, 0644);
}

static int make_environment(const struct slots *slots, int slot, struct json_object *environment)
{
        return environment_is_empty(environment) && master_make_env(slots->master, slot, "env")
                       ? 0
                       : environment_make(slot, "env", environment, slots->client_gid);
}

/* The slot is ours alone yet, and has no links. */
static int make_log(const struct slots *slots, int slot, bool down)
{
        int result = tree_make(slot, "log/supervise", 0700);

        if (result == -ENOENT || result == -ENOTDIR)
                return 0; /* it has no logger */
        if (result == 0)
                result = tree_make(slot, "log/event", 0700);
        if (result == 0 && down)
                result = make_down(slots, slot, "log/down");
        return result;
}

/* Refuses names that are only ours: a template that was once run as a service, or is meant to be started
 * down, is a mistake. */
static int refuse_leftovers(int template_fd)
{
        static const char *const names[] = {"down", "env", "supervise", "event", "log/down"};
        struct stat found;

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (fstatat(template_fd, names[i], &found, AT_SYMLINK_NOFOLLOW) == 0)
                        return -EEXIST;
        return 0;
}

/* Makes a directory in the place of what a killed broker may have left. */
static int make_anew(int at, const char *name)
{
        int result = tree_make(at, name, 0755);

        if (result != -EEXIST)
                return result;
        result = tree_remove(at, name);
        return result < 0 ? result : tree_make(at, name, 0755);
}

int slot_stage(const struct slots *slots, const char *name, const char *profile,
               struct json_object *environment, const char *state, enum slot_down down)
{
        bool is_current = master_is_current(slots->master, slots->template_fd);
        char staged[NAME_SIZE];
        int result;
        int slot;

        if (!slot_is_name(name))
                return -EINVAL;
        staged_name(name, staged);
        result = is_current ? 0 : refuse_leftovers(slots->template_fd);
        if (result == 0)
                result = make_anew(slots->fd, staged);
        if (result < 0)
                return result;
        slot = tree_open(slots->fd, staged);
        result = slot < 0 ? slot : master_fill(slots->master, is_current, slots->template_fd, slot);
        if (result == 0)
                result = slot_program_place(slots, slot);
        if (result == 0)
                result = slot_make_data(slot, profile, state);
        if (result == 0)
                result = make_down(slots, slot, down != SLOT_DOWN_NONE ? "down" : "data/down");
        if (result == 0)
                result = make_environment(slots, slot, environment);
        if (result == 0)
                result = make_supervise(slot);
        if (result == 0)
                result = make_log(slots, slot, down == SLOT_DOWN_BOTH);
        if (slot >= 0)
                close(slot);
        if (result < 0)
                tree_remove(slots->fd, staged);
        return result;
}

int slot_commit(const struct slots *slots, const char *name)
{
        char staged[NAME_SIZE];

        if (!slot_is_name(name))
                return -EINVAL;
        staged_name(name, staged);
        /* A slot is never empty, so this cannot replace one. */
        if (renameat(slots->fd, staged, slots->fd, name) < 0)
                return errno == ENOTEMPTY ? -EEXIST : -errno;
        return 0;
}

/* Copies the notes of groups whose runs are over, but which may not be empty: the next run ends the rest. */
static int carry_groups(int from, int to)
{
        static const char *const names[] = {"pgid", "log-pgid"};
        int result = 0;

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && result == 0; i++) {
                char *text = NULL;
                size_t length;

                result = tree_read(from, names[i], SLOT_GROUPS_BYTES, &text, &length);
                if (result == 0)
                        result = tree_write(to, names[i], text, length, 0644);
                else if (result == -ENOENT || result == -EFBIG || result == -EINVAL || result == -ELOOP)
                        result = 0;
                free(text);
        }
        return result;
}

static int open_data_below(int at, const char *name)
{
        int slot = tree_open(at, name);
        int data = slot < 0 ? slot : tree_open(slot, "data");

        if (slot >= 0)
                close(slot);
        return data;
}

static int renew_groups(const struct slots *slots, const char *name, const char *staged)
{
        int from = open_data_below(slots->fd, name);
        int to = from < 0 ? from : open_data_below(slots->fd, staged);
        int result = to < 0 ? to : carry_groups(from, to);

        if (result == 0)
                slot_carry_history(from, to);

        if (from >= 0)
                close(from);
        if (to >= 0)
                close(to);
        return from == -ENOENT ? 0 : result;
}

/* Replaces a slot where kernel or file system cannot exchange two names: for an instant there is none. */
static int replace_in_two(int at, const char *staged, const char *name)
{
        char gone[NAME_SIZE];
        int result;

        gone_name(name, gone);
        result = tree_remove(at, gone);
        if (result < 0)
                return result;
        if (renameat(at, name, at, gone) < 0)
                return -errno;
        if (renameat(at, staged, at, name) < 0) {
                result = -errno;
                renameat(at, gone, at, name);
                return result;
        }
        tree_remove(at, gone);
        return 0;
}

int slot_renew(const struct slots *slots, const char *name, const char *profile,
               struct json_object *environment, const char *state, enum slot_down down)
{
        char staged[NAME_SIZE];
        int result = slot_stage(slots, name, profile, environment, state, down);

        if (result < 0)
                return result;
        staged_name(name, staged);
        result = renew_groups(slots, name, staged);
        if (result == 0 && exchange_names(slots->fd, staged, name) < 0)
                result =
                        errno == EINVAL || errno == ENOSYS ? replace_in_two(slots->fd, staged, name) : -errno;
        tree_remove(slots->fd, staged); /* the old slot, or where that is still there, the new one */
        return result;
}

int slot_remove(const struct slots *slots, const char *name)
{
        char staged[NAME_SIZE], gone[NAME_SIZE];
        int result, staged_result;

        if (!slot_is_name(name))
                return -EINVAL;
        staged_name(name, staged);
        gone_name(name, gone);
        result = tree_remove(slots->fd, gone);
        if (result < 0)
                return result;
        if (renameat(slots->fd, name, slots->fd, gone) == 0)
                result = tree_remove(slots->fd, gone);
        else if (errno == EXDEV) /* an overlay's lower directory (a committed container) cannot be renamed */
                result = tree_remove(slots->fd, name);
        else if (errno != ENOENT)
                result = -errno;
        staged_result = tree_remove(slots->fd, staged);
        return result < 0 ? result : staged_result;
}

/* Empties a directory, or makes it where it is missing; it is 0700 in any case. */
static int clean_directory(int at, const char *name)
{
        int fd = tree_open(at, name);
        int result;

        if (fd == -ENOENT)
                return tree_make(at, name, 0700);
        if (fd < 0)
                return fd;
        result = tree_empty(fd);
        if (result == 0 && fchmod(fd, 0700) < 0)
                result = -errno;
        close(fd);
        return result;
}

static int clean_supervise(int at)
{
        int result = clean_directory(at, "supervise");

        return result < 0 ? result : clean_directory(at, "event");
}

int slot_clean(const struct slots *slots, const char *name)
{
        int slot = slot_open(slots, name);
        int result;

        if (slot < 0)
                return slot;
        result = clean_supervise(slot);
        if (result == 0 && has_directory(slot, "log")) {
                int log = tree_open(slot, "log");

                result = log < 0 ? log : clean_supervise(log);
                if (log >= 0)
                        close(log);
        }
        close(slot);
        return result;
}

int slot_has_log(const struct slots *slots, const char *name)
{
        char path[SLOT_PATH_BYTES];
        struct stat found;
        int result = slot_is_name(name) ? slot_path(name, "log", path) : -ENOENT;

        if (result == 0)
                result = fstatat(slots->fd, path, &found, AT_SYMLINK_NOFOLLOW) < 0 ? -errno
                                                                                   : S_ISDIR(found.st_mode);
        return result == -ENOENT ? 0 : result;
}

/* Opens log/ of a slot: a descriptor, or a negative errno, also where there is none. */
static int open_log(const struct slots *slots, const char *name)
{
        int slot = slot_open(slots, name);
        int log = slot < 0 ? slot : tree_open(slot, "log");

        if (slot >= 0)
                close(slot);
        return log;
}

int slot_log_is_down(const struct slots *slots, const char *name)
{
        struct stat found;
        int log = open_log(slots, name);
        int result;

        if (log < 0)
                return log == -ENOENT ? 0 : log;
        result = fstatat(log, "down", &found, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 1;
        close(log);
        return result == -ENOENT ? 0 : result;
}

int slot_let_log_run(const struct slots *slots, const char *name)
{
        int log = open_log(slots, name);
        int result;

        if (log < 0)
                return log == -ENOENT ? 0 : log;
        result = unlinkat(log, "down", 0) < 0 && errno != ENOENT ? -errno : 0;
        close(log);
        return result;
}
