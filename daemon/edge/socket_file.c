/* SPDX-License-Identifier: ISC */
#include "daemon/edge/socket_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/edge/rights.h"

int socket_file_make_directory(const char *directory)
{
        if (mkdir(directory, 0755) < 0)
                return errno == EEXIST ? 0 : -errno;
        return chmod(directory, 0755) < 0 ? -errno : 0;
}

/* Does nobody listen there? Asked by connecting, without waiting. In doubt somebody does. */
static bool is_dead(const struct sockaddr_un *address)
{
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        bool refused;

        if (fd < 0)
                return false;
        refused =
                connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 && errno == ECONNREFUSED;
        close(fd);
        return refused;
}

static int make_room(const struct sockaddr_un *address)
{
        struct stat found;

        if (lstat(address->sun_path, &found) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (!S_ISSOCK(found.st_mode) || !is_dead(address))
                return -EEXIST;
        return unlink(address->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

int socket_file_bind(int fd, const char *path, gid_t gid, struct socket_file *file)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct stat made;
        mode_t mask;
        bool grouped;
        int result;

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        result = make_room(&address);
        if (result)
                return result;
        mask = umask(0117);
        grouped = rights_group_begin(gid);
        if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                result = errno == EADDRINUSE ? -EEXIST : -errno; /* somebody was faster */
        if (grouped)
                rights_group_end();
        umask(mask);
        if (result == 0 && lstat(path, &made) < 0)
                result = -errno;
        if (result == 0)
                *file = (struct socket_file){.device = made.st_dev, .inode = made.st_ino};
        return result;
}

bool socket_file_is_at(const struct socket_file *file, const char *path)
{
        struct stat found;

        return lstat(path, &found) == 0 && S_ISSOCK(found.st_mode) && found.st_dev == file->device &&
               found.st_ino == file->inode;
}
