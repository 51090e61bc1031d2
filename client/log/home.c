/* SPDX-License-Identifier: ISC */
#include "client/log/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOGS "/logs/gateways"
#define STEP_FLAGS (O_PATH | O_DIRECTORY)

/* Returns the length of what stands before LOGS in the path of a log's directory, or 0. */
static size_t home_length(const char *directory)
{
        const char *name = strrchr(directory, '/');
        size_t length = name ? (size_t)(name - directory) : 0, tail = sizeof(LOGS) - 1;

        if (length <= tail || !name[1] || strncmp(name - tail, LOGS, tail) != 0)
                return 0;
        return length - tail;
}

char *home_of_log(const char *directory)
{
        size_t length = home_length(directory);

        return length > 0 ? strndup(directory, length) : NULL;
}

int home_open(const char *home, struct stat *info)
{
        int fd = open(home, STEP_FLAGS | O_CLOEXEC);

        if (fd >= 0 && fstat(fd, info) < 0) {
                int result = -errno;

                close(fd);
                return result;
        }
        return fd < 0 ? -errno : fd;
}

int home_below(int at, const char *path)
{
        char *names = strdup(path), *rest = NULL;
        int fd = names ? openat(at, ".", STEP_FLAGS | O_CLOEXEC) : -1, result = names ? fd : -ENOMEM;

        if (names && fd < 0)
                result = -errno;
        for (char *name = names ? strtok_r(names, "/", &rest) : NULL; name && fd >= 0;
             name = strtok_r(NULL, "/", &rest)) {
                int next = openat(fd, name, STEP_FLAGS | O_NOFOLLOW | O_CLOEXEC);

                result = next < 0 ? -errno : next;
                close(fd);
                fd = next;
        }
        free(names);
        return result;
}

static int open_for_root(const char *home, const char *below)
{
        struct stat info;
        int top = home_open(home, &info), at = top < 0 ? top : home_below(top, below), fd = -1;
        int result = at < 0 ? at : 0;

        if (at >= 0) {
                fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                result = fd < 0 ? -errno : fd;
                close(at);
        }
        if (top >= 0)
                close(top);
        return result;
}

int home_open_log(const char *directory)
{
        size_t length = geteuid() == 0 ? home_length(directory) : 0;
        char *home;
        int fd, result;

        if (length == 0) {
                fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                return fd < 0 ? -errno : fd;
        }
        home = strndup(directory, length);
        result = home ? open_for_root(home, directory + length) : -ENOMEM;
        free(home);
        return result;
}
