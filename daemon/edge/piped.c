/* SPDX-License-Identifier: ISC */
#include "daemon/edge/piped.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static bool look(pid_t pid, int fd, struct stat *info)
{
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
        return stat(path, info) == 0;
}

static bool is_same(const struct stat *left, const struct stat *right)
{
        return left->st_dev == right->st_dev && left->st_ino == right->st_ino;
}

static bool is_null(const struct stat *info)
{
        return S_ISCHR(info->st_mode) && info->st_rdev == makedev(1, 3);
}

enum piped piped_look(pid_t writer, pid_t reader, uid_t uid)
{
        struct stat printed, read, passed_on;

        if (!look(writer, 1, &printed) || !look(reader, 0, &read) || !look(reader, 1, &passed_on))
                return PIPED_UNKNOWN;
        if (is_same(&printed, &read))
                return PIPED_TOGETHER;
        /* The container's output, as s6-supervise has it; or a pipe that the client user did not make. */
        if ((is_same(&printed, &passed_on) && !is_null(&printed)) ||
            (S_ISFIFO(printed.st_mode) && printed.st_uid != uid))
                return PIPED_APART;
        return PIPED_UNKNOWN;
}
