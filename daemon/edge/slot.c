#include "daemon/edge/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/edge/slot_environment.h"
#include "daemon/edge/tree.h"
#include "proto/limits.h"

#define STATE_BYTES_MAX 4096

/* A service name with a dot before it and a tilde behind. */
#define NAME_SIZE (LIMIT_SERVICE_NAME_BYTES + 3)

int slots_open(struct slots *slots, const char *path, const char *template_path, gid_t client_gid,
               const char **what)
{
        struct stat info;
        struct slots opened = {.fd = -1, .template_fd = -1, .path = path, .client_gid = client_gid};
        int r = 0;

        slots->fd = slots->template_fd = -1;
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
                r = -errno;
        } else {
                opened.template_fd = open(template_path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
                *what = template_path;
                r = opened.template_fd < 0 ? -errno : 0;
        }
        if (r < 0) {
                close(opened.fd);
                return r;
        }
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
}

/* Checked long before; once more here, because it becomes a path. Also keeps clear of our own dot names. */
static bool is_slot_name(const char *name)
{
        return *name != '\0' && *name != '.' && strchr(name, '/') == NULL &&
               strlen(name) <= LIMIT_SERVICE_NAME_BYTES;
}

static void staged_name(const char *name, char staged[NAME_SIZE])
{
        snprintf(staged, NAME_SIZE, ".%s", name);
}

static void gone_name(const char *name, char gone[NAME_SIZE])
{
        snprintf(gone, NAME_SIZE, ".%s~", name);
}

/* The descriptor of the slot, or of a directory in it; or a negative errno. */
static int open_slot(const struct slots *slots, const char *name)
{
        return is_slot_name(name) ? tree_open(slots->fd, name) : -EINVAL;
}

static int open_in_slot(const struct slots *slots, const char *name, const char *directory)
{
        int slot = open_slot(slots, name);
        if (slot < 0)
                return slot;
        int fd = tree_open(slot, directory);
        close(slot);
        return fd;
}

static bool has_directory(int at, const char *name)
{
        struct stat found;
        return fstatat(at, name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(found.st_mode);
}

/* data/, which the template may have too (with other things in it). */
static int make_data(int slot, const char *profile, const char *state)
{
        char line[LIMIT_SERVICE_NAME_BYTES + 2];

        int length = snprintf(line, sizeof line, "%s\n", profile);
        if (length < 0 || (size_t)length >= sizeof line)
                return -ENAMETOOLONG;
        if (strlen(state) > STATE_BYTES_MAX)
                return -EFBIG;
        int r = tree_make(slot, "data", 0755);
        if (r < 0 && r != -EEXIST)
                return r;
        int data = tree_open(slot, "data");
        if (data < 0)
                return data;
        r = fchmod(data, 0755) < 0 ? -errno : 0;
        if (r == 0)
                r = tree_write(data, "profile", line, (size_t)length, 0644);
        if (r == 0)
                r = tree_write(data, "state", state, strlen(state), 0600);
        close(data);
        return r;
}

/* What s6-supervise would make, in advance: so they can be watched, and nobody else can look into them. */
static int make_supervise(int at)
{
        int r = tree_make(at, "supervise", 0700);
        return r < 0 ? r : tree_make(at, "event", 0700);
}

static int make_log_supervise(int slot)
{
        if (!has_directory(slot, "log"))
                return 0;
        int log = tree_open(slot, "log");
        if (log < 0)
                return log;
        int r = make_supervise(log);
        close(log);
        return r;
}

/* Only ours: a template that was once run as a service, or meant to be started down, is a mistake. */
static int refuse_leftovers(int template_fd)
{
        static const char *const names[] = {"down", "env", "supervise", "event"};
        struct stat found;

        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                if (fstatat(template_fd, names[i], &found, AT_SYMLINK_NOFOLLOW) == 0)
                        return -EEXIST;
        return 0;
}

int slot_stage(const struct slots *slots, const char *name, const char *profile,
               struct json_object *environment, const char *state, bool down)
{
        char staged[NAME_SIZE];

        if (!is_slot_name(name))
                return -EINVAL;
        staged_name(name, staged);
        int r = refuse_leftovers(slots->template_fd);
        if (r == 0)
                r = tree_remove(slots->fd, staged);
        if (r == 0)
                r = tree_make(slots->fd, staged, 0755);
        if (r < 0)
                return r;
        int slot = tree_open(slots->fd, staged);
        r = slot < 0 ? slot : tree_copy(slots->template_fd, slot);
        if (r == 0)
                r = make_data(slot, profile, state);
        if (r == 0)
                r = environment_make(slot, "env", environment, slots->client_gid);
        if (r == 0)
                r = make_supervise(slot);
        if (r == 0)
                r = make_log_supervise(slot);
        if (r == 0 && down)
                r = tree_write(slot, "down", "", 0, 0644);
        if (slot >= 0)
                close(slot);
        if (r < 0)
                tree_remove(slots->fd, staged);
        return r;
}

int slot_commit(const struct slots *slots, const char *name)
{
        char staged[NAME_SIZE];

        if (!is_slot_name(name))
                return -EINVAL;
        staged_name(name, staged);
        /* A slot is never empty, so that it cannot be replaced by this. */
        if (renameat(slots->fd, staged, slots->fd, name) < 0)
                return errno == ENOTEMPTY ? -EEXIST : -errno;
        return 0;
}

int slot_remove(const struct slots *slots, const char *name)
{
        char staged[NAME_SIZE], gone[NAME_SIZE];

        if (!is_slot_name(name))
                return -EINVAL;
        staged_name(name, staged);
        gone_name(name, gone);
        int r = tree_remove(slots->fd, gone);
        if (r < 0)
                return r;
        if (renameat(slots->fd, name, slots->fd, gone) == 0)
                r = tree_remove(slots->fd, gone);
        else if (errno == EXDEV) /* an overlay's lower directory (a committed container) cannot be renamed */
                r = tree_remove(slots->fd, name);
        else if (errno != ENOENT)
                r = -errno;
        int staged_r = tree_remove(slots->fd, staged);
        return r < 0 ? r : staged_r;
}

/* Empties it, or makes it where it is missing; 0700 in any case. */
static int clean_directory(int at, const char *name)
{
        int fd = tree_open(at, name);
        if (fd == -ENOENT)
                return tree_make(at, name, 0700);
        if (fd < 0)
                return fd;
        int r = tree_empty(fd);
        if (r == 0 && fchmod(fd, 0700) < 0)
                r = -errno;
        close(fd);
        return r;
}

static int clean_supervise(int at)
{
        int r = clean_directory(at, "supervise");
        return r < 0 ? r : clean_directory(at, "event");
}

int slot_clean(const struct slots *slots, const char *name)
{
        int slot = open_slot(slots, name);
        if (slot < 0)
                return slot;
        int r = clean_supervise(slot);
        if (r == 0 && has_directory(slot, "log")) {
                int log = tree_open(slot, "log");
                r = log < 0 ? log : clean_supervise(log);
                if (log >= 0)
                        close(log);
        }
        close(slot);
        return r;
}

int slot_has_log(const struct slots *slots, const char *name)
{
        struct stat found;

        int slot = open_slot(slots, name);
        if (slot < 0)
                return slot == -ENOENT || slot == -EINVAL ? 0 : slot;
        int r = fstatat(slot, "log", &found, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : S_ISDIR(found.st_mode);
        close(slot);
        return r == -ENOENT ? 0 : r;
}

int slot_set_down(const struct slots *slots, const char *name, bool down)
{
        int slot = open_slot(slots, name);
        if (slot < 0)
                return slot;
        int r;
        if (down) {
                r = tree_write(slot, "down", "", 0, 0644);
                r = r == -EEXIST ? 0 : r;
        } else {
                r = unlinkat(slot, "down", 0) < 0 && errno != ENOENT ? -errno : 0;
        }
        close(slot);
        return r;
}

int slot_write_state(const struct slots *slots, const char *name, const char *text)
{
        if (strlen(text) > STATE_BYTES_MAX)
                return -EFBIG;
        int data = open_in_slot(slots, name, "data");
        if (data < 0)
                return data;
        int r = tree_replace(data, ".state", "state", text, strlen(text), 0600);
        close(data);
        return r;
}

int slot_read_state(const struct slots *slots, const char *name, char **text)
{
        size_t length = 0;
        char *read = NULL;

        int data = open_in_slot(slots, name, "data");
        if (data < 0)
                return data;
        int r = tree_read(data, "state", STATE_BYTES_MAX, &read, &length);
        close(data);
        if (r < 0)
                return r;
        if (memchr(read, '\0', length) != NULL) {
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

        int data = open_in_slot(slots, name, "data");
        if (data < 0)
                return data;
        int r = tree_read(data, "profile", LIMIT_SERVICE_NAME_BYTES + 1, &read, &length);
        close(data);
        if (r < 0)
                return r;
        /* One line: a second newline, or a NUL, is no name either. */
        if (length == 0 || strcspn(read, "\n") != length - 1)
                r = -EBADMSG;
        else if (length > size)
                r = -ENAMETOOLONG;
        if (r == 0) {
                memcpy(buffer, read, length - 1);
                buffer[length - 1] = '\0';
        }
        free(read);
        return r;
}

/* env.new takes the place of env. */
static int exchange_environment(int slot)
{
        if (renameat2(slot, ".env.new", slot, "env", RENAME_EXCHANGE) == 0)
                return tree_remove(slot, ".env.new");
        if (errno != EINVAL && errno != ENOSYS && errno != EXDEV && errno != EOPNOTSUPP && errno != ENOENT)
                return -errno;
        /* The old way, or none is there: for an instant there is no env/. */
        int r = tree_remove(slot, "env");
        if (r < 0)
                return r;
        return renameat(slot, ".env.new", slot, "env") < 0 ? -errno : 0;
}

int slot_set_environment(const struct slots *slots, const char *name, struct json_object *environment,
                         bool *changed)
{
        bool content = false, whole = false;

        int slot = open_slot(slots, name);
        if (slot < 0)
                return slot;
        /* Made in any case, and only put in place if it differs: a gateway may be starting and reading env/
         * just now. */
        int r = tree_remove(slot, ".env.new");
        if (r == 0)
                r = environment_make(slot, ".env.new", environment, slots->client_gid);
        if (r == 0)
                r = environment_compare(slot, ".env.new", "env", &content, &whole);
        if (r == 0 && !whole)
                r = exchange_environment(slot);
        int removed = tree_remove(slot, ".env.new");
        close(slot);
        if (r < 0 || removed < 0)
                return r < 0 ? r : removed;
        *changed = !content;
        return 0;
}

int slot_read_environment(const struct slots *slots, const char *name, struct json_object **environment)
{
        int slot = open_slot(slots, name);
        if (slot < 0)
                return slot;
        int r = environment_read(slot, "env", environment);
        close(slot);
        return r;
}
