/* SPDX-License-Identifier: ISC */
#include "daemon/edge/entries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int entries_add(struct entries *entries, size_t *capacity, const char *name)
{
        if (entries->count == *capacity) {
                size_t more = *capacity ? *capacity * 2 : 64;
                char **names = reallocarray(entries->names, more, sizeof(*names));

                if (!names)
                        return -ENOMEM;
                entries->names = names;
                *capacity = more;
        }
        entries->names[entries->count] = strdup(name);
        return entries->names[entries->count++] ? 0 : -ENOMEM;
}

int entries_read(int fd, struct entries *entries)
{
        int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory = copy < 0 ? NULL : fdopendir(copy);
        struct entries found = {0};
        size_t capacity = 0;
        int result = 0;

        if (!directory) {
                result = -errno;
                if (copy >= 0)
                        close(copy);
                return result;
        }
        while (result == 0) {
                struct dirent *entry;

                errno = 0;
                entry = readdir(directory);
                if (!entry) {
                        result = -errno;
                        break;
                }
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        result = entries_add(&found, &capacity, entry->d_name);
        }
        closedir(directory);
        if (result)
                entries_free(&found);
        else
                *entries = found;
        return result;
}

void entries_free(struct entries *entries)
{
        for (size_t i = 0; i < entries->count; i++)
                free(entries->names[i]);
        free(entries->names);
        *entries = (struct entries){0};
}
