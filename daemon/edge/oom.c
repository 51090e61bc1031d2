/* SPDX-License-Identifier: ISC */
#include "daemon/edge/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/bounds.h"

/* Where there is no limit, v1 gives the largest number of pages; no machine has so much. */
#define NO_LIMIT_BYTES (INT64_C(1) << 60)

static int read_file(const char *path, char *text, size_t size)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);
        int result = length < 0 ? -errno : 0;

        if (fd >= 0)
                close(fd);
        text[length > 0 ? length : 0] = '\0';
        return result;
}

/* Is the word in a list like "cpu,memory"? */
static bool has_word(const char *list, size_t length, const char *word)
{
        while (length) {
                size_t one = strcspn(list, ",");

                if (one > length)
                        one = length;
                if (one == strlen(word) && strncmp(list, word, one) == 0)
                        return true;
                list += one + (one < length);
                length -= one + (one < length);
        }
        return false;
}

/* Finds our group in lines "NUMBER:CONTROLLERS:PATH". True: it is v1's. */
static bool find_group(const char *lines, char *group, size_t size)
{
        bool first = false;

        group[0] = '\0';
        while (*lines && !first) {
                const char *controllers = strchr(lines, ':');
                const char *path = controllers ? strchr(controllers + 1, ':') : NULL;
                size_t length = strcspn(lines, "\n");

                if (path && path < lines + length) {
                        first = has_word(controllers + 1, (size_t)(path - controllers - 1), "memory");
                        if (first || strncmp(lines, "0::", 3) == 0)
                                snprintf(group, size, "%.*s", (int)(lines + length - path - 1), path + 1);
                }
                lines += length + (lines[length] == '\n');
        }
        return first;
}

/* Reads a file of the group; or, where a container sees only its own group, of the top of what is mounted. */
static int read_of(const char *mount, const char *group, const char *name, char *text, size_t size)
{
        char path[PATH_MAX];
        int result;

        if (snprintf(path, sizeof(path), "%s%s/%s", mount, group, name) >= (int)sizeof(path))
                return -ENAMETOOLONG;
        result = read_file(path, text, size);
        if (result != -ENOENT || !group[0])
                return result;
        if (snprintf(path, sizeof(path), "%s/%s", mount, name) >= (int)sizeof(path))
                return -ENAMETOOLONG;
        return read_file(path, text, size);
}

/* The value of "oom_kill" in lines "NAME VALUE". */
static int take_kills(const char *lines, int64_t *kills)
{
        static const char name[] = "oom_kill ";

        while (*lines) {
                if (strncmp(lines, name, sizeof(name) - 1) == 0) {
                        *kills = strtoll(lines + sizeof(name) - 1, NULL, 10);
                        return *kills < 0 ? -EBADMSG : 0;
                }
                lines += strcspn(lines, "\n");
                lines += *lines == '\n';
        }
        return -ENOENT; /* kernels before 4.13 do not count */
}

int oom_read_at(const char *self, const char *mount, struct oom *oom)
{
        char text[CGROUP_LINE_BYTES], group[PATH_MAX], below[PATH_MAX];
        int64_t limit, kills;
        bool first;
        int result = read_file(self, text, sizeof(text));

        if (result)
                return result;
        first = find_group(text, group, sizeof(group));
        if (strcmp(group, "/") == 0)
                group[0] = '\0';
        if (snprintf(below, sizeof(below), "%s%s", mount, first ? "/memory" : "") >= (int)sizeof(below))
                return -ENAMETOOLONG;
        result = read_of(below, group, first ? "memory.oom_control" : "memory.events", text, sizeof(text));
        if (result == 0)
                result = take_kills(text, &kills);
        if (result)
                return result;
        limit = 0;
        if (!read_of(below, group, first ? "memory.limit_in_bytes" : "memory.max", text, sizeof(text)))
                limit = strtoll(text, NULL, 10); /* "max" is 0 */
        *oom = (struct oom){.kills = kills, .limit_bytes = limit < 0 || limit > NO_LIMIT_BYTES ? 0 : limit};
        return 0;
}

int oom_read(struct oom *oom)
{
        return oom_read_at("/proc/self/cgroup", "/sys/fs/cgroup", oom);
}
