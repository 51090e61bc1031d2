/* SPDX-License-Identifier: ISC */
#include "client/usage/container.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PATH_BYTES 4096
/* Without a limit v1 says a number that no machine's memory reaches. */
#define UNLIMITED_FROM (INT64_C(1) << 60)

static const struct version {
        const char *line; /* what follows the number in the group's line of /proc/self/cgroup */
        const char *top;
        const char *used, *limit;
        const char *dropped; /* the line of memory.stat that says what the kernel can drop */
} versions[] = {
        {":memory:", "/sys/fs/cgroup/memory", "memory.usage_in_bytes", "memory.limit_in_bytes",
         "total_inactive_file"},
        {"::", "/sys/fs/cgroup", "memory.current", "memory.max", "inactive_file"},
};

static FILE *open_below(const char *root, const char *directory, const char *name)
{
        char path[2 * PATH_BYTES];

        if (snprintf(path, sizeof(path), "%s%s/%s", root, directory, name) >= (int)sizeof(path))
                return NULL;
        return fopen(path, "re");
}

/* Reads the path of our own group; "" where the group is the top of what is mounted, or nothing says which it
 * is. */
static void read_own_path(const char *root, const struct version *version, char path[PATH_BYTES])
{
        char line[PATH_BYTES];
        FILE *file = open_below(root, "/proc/self", "cgroup");

        path[0] = '\0';
        while (file && fgets(line, sizeof(line), file)) {
                char *at = strstr(line, version->line);

                if (!at || at != line + strspn(line, "0123456789"))
                        continue;
                at += strlen(version->line);
                at[strcspn(at, "\n")] = '\0';
                if (strcmp(at, "/") != 0 && !strstr(at, ".."))
                        snprintf(path, PATH_BYTES, "%s", at);
        }
        if (file)
                fclose(file);
}

/* Reads a group's number. -1: it cannot be read. INT64_MAX: no limit. */
static int64_t read_number(const char *root, const char *directory, const char *name)
{
        char line[64] = "";
        int64_t number = -1;
        FILE *file = open_below(root, directory, name);

        if (!file)
                return -1;
        if (fgets(line, sizeof(line), file) && strncmp(line, "max", 3) == 0)
                number = INT64_MAX;
        else if (sscanf(line, "%" SCNd64, &number) != 1)
                number = -1;
        fclose(file);
        return number >= UNLIMITED_FROM ? INT64_MAX : number;
}

static int64_t read_dropped(const char *root, const char *directory, const char *wanted)
{
        char line[128], name[64];
        int64_t value, found = 0;
        FILE *file = open_below(root, directory, "memory.stat");

        while (file && fgets(line, sizeof(line), file))
                if (sscanf(line, "%63s %" SCNd64, name, &value) == 2 && strcmp(name, wanted) == 0)
                        found = value;
        if (file)
                fclose(file);
        return found;
}

static int64_t left_of(const struct container_memory *memory)
{
        return memory->limit_bytes < 0 ? INT64_MAX : memory->limit_bytes - memory->used_bytes;
}

/* Looks at a group. *memory becomes the group's if it has less left, or is the first. Returns false if it
 * cannot be seen. */
static bool look(const char *root, const struct version *version, const char *directory, bool first,
                 struct container_memory *memory)
{
        struct container_memory found = {read_number(root, directory, version->used),
                                         read_number(root, directory, version->limit)};
        int64_t dropped;

        if (found.used_bytes < 0 || found.limit_bytes < 0)
                return false;
        if (found.limit_bytes == INT64_MAX)
                found.limit_bytes = -1;
        dropped = read_dropped(root, directory, version->dropped);
        found.used_bytes -= dropped < found.used_bytes ? dropped : found.used_bytes;
        if (first || left_of(&found) < left_of(memory))
                *memory = found;
        return true;
}

static bool look_up(const char *root, const struct version *version, struct container_memory *memory)
{
        char path[PATH_BYTES], directory[2 * PATH_BYTES];
        size_t top = strlen(version->top);
        bool seen = false;

        read_own_path(root, version, path);
        snprintf(directory, sizeof(directory), "%s%s", version->top, path);
        for (;;) {
                seen = look(root, version, directory, !seen, memory) || seen;
                if (strlen(directory) <= top)
                        return seen;
                *strrchr(directory, '/') = '\0';
        }
}

int container_memory_read(const char *root, struct container_memory *memory)
{
        for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
                struct container_memory found;

                if (look_up(root, &versions[i], &found)) {
                        *memory = found;
                        return 0;
                }
        }
        return -ENOENT;
}
