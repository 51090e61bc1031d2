/* SPDX-License-Identifier: ISC */
#include "daemon/edge/executable.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

const char *executable_problem(const char *path)
{
        struct statvfs system;
        struct stat found;

        if (stat(path, &found) < 0)
                return errno == ENOENT || errno == ENOTDIR ? "it is not there" : NULL;
        if (!S_ISREG(found.st_mode))
                return "it is not a regular file";
        if (found.st_size == 0)
                return "it is empty";
        if ((found.st_mode & 0111) == 0)
                return "its mode lets nobody execute it";
        if (statvfs(path, &system) == 0 && (system.f_flag & ST_NOEXEC))
                return "its file system is mounted noexec";
        return NULL;
}
