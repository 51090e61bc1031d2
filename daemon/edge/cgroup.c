/* SPDX-License-Identifier: ISC */
#include "daemon/edge/cgroup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Where there is no limit, v1 gives a number that no machine has. */
#define UNLIMITED_FROM (UINT64_C(1) << 60)

_Static_assert(CGROUP_LINE_BYTES == 4096, "the widths that sscanf() is told below");

/* What the two versions call the files of a limit. */
static const struct kind {
        const char *controller; /* of v1 */
        const char *used[2];    /* v1, v2 */
        const char *most[2];
} kinds[] = {
        [CGROUP_PIDS] = {"pids", {"pids.current", "pids.current"}, {"pids.max", "pids.max"}},
        [CGROUP_MEMORY] = {"memory",
                           {"memory.usage_in_bytes", "memory.current"},
                           {"memory.limit_in_bytes", "memory.max"}},
};

static FILE *open_below(const char *root, const char *path, const char *name)
{
        char whole[2 * CGROUP_LINE_BYTES];

        if (snprintf(whole, sizeof(whole), "%s%s%s%s", root, path, *name == '\0' ? "" : "/", name) >=
            (int)sizeof(whole))
                return NULL;
        return fopen(whole, "re");
}

/* Is the word one of those that commas separate? */
static bool has_word(const char *words, const char *word)
{
        size_t length = strlen(word);

        for (const char *at = words; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
                if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
                        return true;
        return false;
}

/* Reads the path of our group from a line ID:CONTROLLERS:PATH; v2 has the line 0::PATH. */
static int read_own_path(const char *root, const struct kind *kind, int version, char path[CGROUP_LINE_BYTES])
{
        char line[CGROUP_LINE_BYTES];
        int result = -ENOENT;
        FILE *file = open_below(root, "/proc/self/cgroup", "");

        if (!file)
                return -errno;
        while (result < 0 && fgets(line, sizeof(line), file)) {
                char *controllers = strchr(line, ':');
                char *at = controllers ? strchr(controllers + 1, ':') : NULL;

                if (!at)
                        continue;
                *controllers++ = *at++ = '\0';
                at[strcspn(at, "\n")] = '\0';
                if (version == 1 ? !has_word(controllers, kind->controller)
                                 : strcmp(line, "0") != 0 || *controllers != '\0')
                        continue;
                snprintf(path, CGROUP_LINE_BYTES, "%s", at);
                result = 0;
        }
        fclose(file);
        return result;
}

struct mount {
        char root[CGROUP_LINE_BYTES]; /* the group of the hierarchy that is mounted at `top` */
        char top[CGROUP_LINE_BYTES];
};

/* Is the mount in this line of mountinfo (proc(5))? A place with blanks in its name, which backslashes stand
 * for, is none of ours. */
static bool is_mount(const char *line, const struct kind *kind, int version, struct mount *mount)
{
        const char *type = strstr(line, " - ");
        char options[CGROUP_LINE_BYTES], name[32];

        if (!type || sscanf(line, "%*s %*s %*s %4095s %4095s", mount->root, mount->top) != 2 ||
            sscanf(type + 3, "%31s %*s %4095s", name, options) != 2)
                return false;
        options[strcspn(options, "\n")] = '\0';
        return version == 1 ? strcmp(name, "cgroup") == 0 && has_word(options, kind->controller)
                            : strcmp(name, "cgroup2") == 0;
}

static int find_mount(const char *root, const struct kind *kind, int version, struct mount *mount)
{
        char line[CGROUP_LINE_BYTES];
        int result = -ENOENT;
        FILE *file = open_below(root, "/proc/self/mountinfo", "");

        if (!file)
                return -errno;
        while (result < 0 && fgets(line, sizeof(line), file))
                if (is_mount(line, kind, version, mount))
                        result = 0;
        fclose(file);
        return result;
}

/* Where our own group is below what is mounted; "" where it is the top of that, or lies outside. */
static const char *below(const char *path, const struct mount *mount)
{
        size_t length = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);

        if (strncmp(path, mount->root, length) != 0 || strstr(path, "/..") ||
            (path[length] != '/' && path[length] != '\0'))
                return "";
        return strcmp(path + length, "/") == 0 ? "" : path + length;
}

/* Reads a number; "max" is no limit. 0, or -ENOENT for what cannot be read. */
static int read_number(const char *root, const char *directory, const char *name, uint64_t *number)
{
        char line[64];
        FILE *file = open_below(root, directory, name);
        bool got;

        if (!file)
                return -ENOENT;
        got = fgets(line, sizeof(line), file) != NULL;
        fclose(file);
        if (got && strncmp(line, "max", 3) == 0) {
                *number = CGROUP_UNLIMITED;
                return 0;
        }
        if (!got || sscanf(line, "%" SCNu64, number) != 1)
                return -ENOENT;
        if (*number >= UNLIMITED_FROM)
                *number = CGROUP_UNLIMITED;
        return 0;
}

/* How much of a group's memory the kernel can drop: pages of files. */
static uint64_t read_files(const char *root, const char *directory, int version)
{
        const char *prefix = version == 1 ? "total_" : "";
        char line[128], active[64], inactive[64], name[64];
        uint64_t sum = 0, value;
        FILE *file;

        snprintf(active, sizeof(active), "%sactive_file", prefix);
        snprintf(inactive, sizeof(inactive), "%sinactive_file", prefix);
        file = open_below(root, directory, "memory.stat");
        if (!file)
                return 0;
        while (fgets(line, sizeof(line), file))
                if (sscanf(line, "%63s %" SCNu64, name, &value) == 2 &&
                    (strcmp(name, active) == 0 || strcmp(name, inactive) == 0))
                        sum += value;
        fclose(file);
        return sum;
}

static uint64_t left_of(const struct cgroup_limit *limit)
{
        if (limit->most == CGROUP_UNLIMITED)
                return UINT64_MAX;
        return limit->most > limit->used ? limit->most - limit->used : 0;
}

/* Looks at one group: *limit becomes its limit where that has less left. False: the group cannot be seen. */
static bool look(const char *root, enum cgroup_kind kind, int version, const char *directory, bool first,
                 struct cgroup_limit *limit)
{
        struct cgroup_limit found;

        if (read_number(root, directory, kinds[kind].most[version - 1], &found.most) < 0 ||
            read_number(root, directory, kinds[kind].used[version - 1], &found.used) < 0)
                return false;
        if (kind == CGROUP_MEMORY && found.most != CGROUP_UNLIMITED) {
                uint64_t files = read_files(root, directory, version);

                found.used -= files < found.used ? files : found.used;
        }
        snprintf(found.where, sizeof(found.where), "%.*s", (int)sizeof(found.where) - 1, directory);
        if (first || left_of(&found) < left_of(limit))
                *limit = found;
        return true;
}

static int look_up(const char *root, enum cgroup_kind kind, int version, struct cgroup_limit *limit)
{
        char path[CGROUP_LINE_BYTES] = "", directory[2 * CGROUP_LINE_BYTES];
        struct mount mount = {.root = ""};
        bool seen = false;
        int result = read_own_path(root, &kinds[kind], version, path);

        if (result == 0)
                result = find_mount(root, &kinds[kind], version, &mount);
        if (result < 0)
                return result;
        snprintf(directory, sizeof(directory), "%s%s", mount.top, below(path, &mount));
        /* The topmost group of the host has no such files, and groups above the container's are not there. */
        for (;;) {
                seen = look(root, kind, version, directory, !seen, limit) || seen;
                if (strlen(directory) <= strlen(mount.top))
                        break;
                *strrchr(directory, '/') = '\0';
        }
        return seen ? 0 : -ENOENT;
}

int cgroup_read(const char *root, enum cgroup_kind kind, struct cgroup_limit *limit)
{
        struct cgroup_limit found;
        int result = -ENOENT;

        /* A controller is in one of the two versions, whatever else is mounted. */
        for (int version = 1; version <= 2 && result == -ENOENT; version++)
                result = look_up(root, kind, version, &found);
        if (result == 0)
                *limit = found;
        return result;
}
