/* SPDX-License-Identifier: ISC */
#include "daemon/edge/slot_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "daemon/edge/exchange.h"
#include "daemon/edge/s6_status.h"
#include "daemon/edge/slot.h"
#include "daemon/edge/slot_environment.h"
#include "daemon/edge/slot_environment_old.h"
#include "daemon/edge/tree.h"
#include "proto/limits.h"

#define SPARE_STATE ".state"
#define ENVIRONMENT "env"
#define NEW_ENVIRONMENT ".env.new"
#define OLD_ENVIRONMENT ".env.old"

/* Was the call refused for what it asks, not for lack of anything? */
static bool is_unsupported(int error)
{
        return error == EINVAL || error == ENOSYS || error == EXDEV || error == EOPNOTSUPP;
}

/* Names were checked long before; once more here, as they become paths. Our own dot names are refused. */
bool slot_is_name(const char *name)
{
        return *name != '\0' && *name != '.' && !strchr(name, '/') &&
               strlen(name) <= LIMIT_SERVICE_NAME_BYTES;
}

int slot_open(const struct slots *slots, const char *name)
{
        return slot_is_name(name) ? tree_open(slots->fd, name) : -EINVAL;
}

static int open_data(const struct slots *slots, const char *name)
{
        char path[SLOT_PATH_BYTES];
        int result = slot_path(name, "data", path);

        return result < 0 ? result : tree_open(slots->fd, path);
}

/* Opens the spare state, which is written over and has its blocks already. path: of data/, below `at`. */
static int open_spare(int at, const char *path, struct stat *found)
{
        char spare[SLOT_PATH_BYTES];
        const int flags = O_WRONLY | O_CREAT;
        int fd, data, result;

        snprintf(spare, sizeof(spare), "%s/" SPARE_STATE, path);
        fd = tree_open_file(at, spare, flags);
        if (fd >= 0 && fstat(fd, found) == 0 && S_ISREG(found->st_mode) && found->st_nlink == 1)
                return fd;
        /* What lies there is none of ours. */
        if (fd >= 0)
                close(fd);
        else if (fd == -ENOSPC || fd == -EDQUOT)
                return fd;
        data = tree_open(at, path);
        result = data < 0 ? data : tree_remove(data, SPARE_STATE);
        if (data >= 0)
                close(data);
        if (result < 0)
                return result;
        fd = tree_open_file(at, spare, flags | O_EXCL);
        if (fd >= 0 && fstat(fd, found) < 0) {
                result = -errno;
                close(fd);
                return result;
        }
        return fd;
}

/* Gives the spare state its blocks, if nothing has failed before; takes `fd` over. */
static int reserve(int fd, int result)
{
        if (result == 0 && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, STATE_BYTES_MAX) < 0 &&
            !is_unsupported(errno))
                result = -errno;
        close(fd);
        return result;
}

/* Makes the spare state. Where that cannot be, it is tried again with the next state. */
static int make_spare(int at, const char *path)
{
        struct stat found;
        int fd = open_spare(at, path, &found);

        if (fd < 0)
                return fd;
        return reserve(fd, (found.st_mode & 07777) != 0600 && fchmod(fd, 0600) < 0 ? -errno : 0);
}

/* The slot is ours alone yet, and has no links. */
int slot_make_data(int slot, const char *profile, const char *state)
{
        char line[LIMIT_SERVICE_NAME_BYTES + 2];
        int length = snprintf(line, sizeof(line), "%s\n", profile);
        int result, fresh;

        if (length < 0 || (size_t)length >= sizeof(line))
                return -ENAMETOOLONG;
        if (strlen(state) > STATE_BYTES_MAX)
                return -EFBIG;
        result = tree_make(slot, "data", 0755);
        if (result == -EEXIST) /* the template's may be its owner's alone */
                result = fchmodat(slot, "data", 0755, 0) < 0 ? -errno : 0;
        if (result == 0)
                result = tree_write(slot, "data/profile", line, (size_t)length, 0644);
        if (result == 0)
                result = tree_write(slot, "data/state", state, strlen(state), 0600);
        if (result < 0)
                return result;
        fresh = tree_open_file(slot, "data/" SPARE_STATE, O_WRONLY | O_CREAT | O_EXCL);
        return fresh < 0 ? make_spare(slot, "data") : reserve(fresh, 0);
}

int slot_set_down(const struct slots *slots, const char *name, bool down)
{
        struct stat found;
        char path[SLOT_PATH_BYTES];
        bool is_down;
        int slot, data, result = slot_path(name, "down", path);

        if (result < 0)
                return result;
        /* Most often the file is there already. */
        if (down && fstatat(slots->fd, path, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(found.st_mode))
                return 0;
        slot = slot_open(slots, name);
        if (slot < 0)
                return slot;
        data = tree_open(slot, "data");
        is_down = fstatat(slot, "down", &found, AT_SYMLINK_NOFOLLOW) == 0;
        if (down && !is_down && renameat(data, "down", slot, "down") < 0) {
                result = tree_write(slot, "down", "", 0, 0644);
                result = result == -EEXIST ? 0 : result;
        } else if (!down && is_down && renameat(slot, "down", data, "down") < 0) {
                result = unlinkat(slot, "down", 0) < 0 && errno != ENOENT ? -errno : 0;
        }
        if (data >= 0)
                close(data);
        close(slot);
        return result;
}

/* Writes a text as the spare state. path: of data/, below all slots. */
static int write_spare(const struct slots *slots, const char *path, const char *text, size_t length)
{
        struct stat found;
        int fd = open_spare(slots->fd, path, &found);
        int result;

        if (fd < 0)
                return fd;
        /* The file is written before it is cut, so that it always has its block. */
        result = tree_write_all(fd, text, length);
        if (result == 0 && found.st_size > (off_t)length && ftruncate(fd, (off_t)length) < 0)
                result = -errno;
        if (result == 0 && (found.st_mode & 07777) != 0600 && fchmod(fd, 0600) < 0)
                result = -errno;
        if (close(fd) < 0 && result == 0)
                result = -errno;
        return result;
}

int slot_write_state(const struct slots *slots, const char *name, const char *text)
{
        char path[SLOT_PATH_BYTES], spare[SLOT_PATH_BYTES], state[SLOT_PATH_BYTES];
        size_t length = strlen(text);
        int result = slot_path(name, "data", path);

        if (length > STATE_BYTES_MAX)
                return -EFBIG;
        if (result == 0)
                result = slot_path(name, "data/" SPARE_STATE, spare);
        if (result == 0)
                result = slot_path(name, "data/state", state);
        if (result == 0)
                result = write_spare(slots, path, text, length);
        /* There was no link on the way a moment ago, and only root could make one. */
        if (result == 0 && exchange_names(slots->fd, spare, state) < 0) {
                if ((!is_unsupported(errno) && errno != ENOENT) ||
                    renameat(slots->fd, spare, slots->fd, state) < 0)
                        result = -errno;
                else
                        make_spare(slots->fd, path);
        }
        return result;
}

/* Reads a whole file of a slot's data/. */
static int read_data(const struct slots *slots, const char *name, const char *file, size_t most, char **text,
                     size_t *length)
{
        int data = open_data(slots, name);
        int result;

        if (data < 0)
                return data;
        result = tree_read(data, file, most, text, length);
        close(data);
        return result;
}

int slot_read_state(const struct slots *slots, const char *name, char **text)
{
        size_t length = 0;
        char *read = NULL;
        int result = read_data(slots, name, "state", STATE_BYTES_MAX, &read, &length);

        if (result < 0)
                return result;
        if (memchr(read, '\0', length)) {
                free(read);
                return -EBADMSG;
        }
        *text = read;
        return 0;
}

int slot_read_profile(const struct slots *slots, const char *name, char *buffer, size_t size)
{
        size_t length = 0;
        char *read = NULL;
        int result = read_data(slots, name, "profile", LIMIT_SERVICE_NAME_BYTES + 1, &read, &length);

        if (result < 0)
                return result;
        /* One line: a second newline, or a NUL, is no name either. */
        if (length == 0 || strcspn(read, "\n") != length - 1)
                result = -EBADMSG;
        else if (length > size)
                result = -ENAMETOOLONG;
        if (result == 0) {
                memcpy(buffer, read, length - 1);
                buffer[length - 1] = '\0';
        }
        free(read);
        return result;
}

static bool is_old(int slot)
{
        struct stat found;

        return fstatat(slot, ENVIRONMENT, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(found.st_mode);
}

int slot_prepare_environment(const struct slots *slots, const char *name, struct json_object *environment,
                             bool *changed)
{
        bool content = false, whole = false;
        int slot = slot_open(slots, name);
        bool old;
        int result;

        if (slot < 0)
                return slot;
        old = is_old(slot);
        result = tree_remove(slot, NEW_ENVIRONMENT);
        if (result == 0)
                result = old ? environment_old_make(slot, NEW_ENVIRONMENT, environment, slots->client_gid)
                             : environment_make(slot, NEW_ENVIRONMENT, environment, slots->client_gid);
        if (result == 0)
                result = old ? environment_old_compare(slot, NEW_ENVIRONMENT, ENVIRONMENT, &content, &whole)
                             : environment_compare(slot, NEW_ENVIRONMENT, ENVIRONMENT, &content, &whole);
        /* A gateway may be starting and reading env just now: it is only replaced if it differs. */
        if (result < 0 || whole)
                tree_remove(slot, NEW_ENVIRONMENT);
        close(slot);
        if (result == 0)
                *changed = !content;
        return result;
}

/* Where two names cannot be exchanged there is no env for an instant; slot_tidy() mends that. */
static int take_old(int slot)
{
        int result;

        if (exchange_names(slot, NEW_ENVIRONMENT, ENVIRONMENT) == 0)
                return tree_remove(slot, NEW_ENVIRONMENT);
        if (!is_unsupported(errno))
                return -errno;
        result = tree_remove(slot, OLD_ENVIRONMENT);
        if (result < 0)
                return result;
        if (renameat(slot, ENVIRONMENT, slot, OLD_ENVIRONMENT) < 0 ||
            renameat(slot, NEW_ENVIRONMENT, slot, ENVIRONMENT) < 0)
                return -errno;
        return tree_remove(slot, OLD_ENVIRONMENT);
}

int slot_take_environment(const struct slots *slots, const char *name)
{
        struct stat found;
        int result = 0;
        int slot = slot_open(slots, name);

        if (slot < 0)
                return slot;
        if (fstatat(slot, NEW_ENVIRONMENT, &found, AT_SYMLINK_NOFOLLOW) < 0)
                result = errno == ENOENT ? 0 : -errno;
        else if (is_old(slot))
                result = take_old(slot);
        else if (renameat(slot, NEW_ENVIRONMENT, slot, ENVIRONMENT) < 0)
                result = -errno;
        close(slot);
        return result;
}

void slot_drop_environment(const struct slots *slots, const char *name)
{
        int slot = slot_open(slots, name);

        if (slot < 0)
                return;
        tree_remove(slot, NEW_ENVIRONMENT);
        close(slot);
}

int slot_set_environment(const struct slots *slots, const char *name, struct json_object *environment,
                         bool *changed)
{
        int result = slot_prepare_environment(slots, name, environment, changed);

        return result < 0 ? result : slot_take_environment(slots, name);
}

int slot_read_environment(const struct slots *slots, const char *name, struct json_object **environment)
{
        char path[SLOT_PATH_BYTES];
        struct json_object *read = NULL;
        int slot, result = slot_path(name, ENVIRONMENT, path);

        if (result == 0)
                result = environment_read(slots->fd, path, &read);
        /* If env is no file it may be the directory that an older broker made. */
        if (result == -EINVAL && (slot = slot_open(slots, name)) >= 0) {
                if (is_old(slot))
                        result = environment_old_read(slot, ENVIRONMENT, &read);
                close(slot);
        }
        if (result < 0)
                return result;
        if (json_object_object_length(read) == 0) {
                json_object_put(read);
                read = NULL;
        }
        *environment = read;
        return 0;
}

static void tidy_data(int slot)
{
        struct stat found;
        int data = tree_open(slot, "data");

        if (data < 0)
                return;
        make_spare(slot, "data");
        if (fstatat(slot, "down", &found, AT_SYMLINK_NOFOLLOW) < 0)
                tree_write(data, "down", "", 0, 0644); /* unless it is there */
        else
                unlinkat(data, "down", 0); /* one is enough */
        close(data);
}

void slot_tidy(const struct slots *slots, const char *name)
{
        struct stat found;
        int slot = slot_open(slots, name);

        if (slot < 0)
                return;
        /* A broker was killed between the two renames of take_old(): the new env is complete. */
        if (fstatat(slot, ENVIRONMENT, &found, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
                renameat(slot, NEW_ENVIRONMENT, slot, ENVIRONMENT);
        tree_remove(slot, NEW_ENVIRONMENT);
        tree_remove(slot, OLD_ENVIRONMENT);
        tidy_data(slot);
        close(slot);
        s6_tally_tidy(slots->fd, name);
}
