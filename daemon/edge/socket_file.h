/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SOCKET_FILE_H
#define EDGE_SOCKET_FILE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The file of a socket that others connect to. Its name may be removed, moved or taken by something else
 * while the socket goes on.
 */
struct socket_file {
        dev_t device;
        ino_t inode;
};

/* Makes /run/svcbroker and the like, if it is not there: 0755 whatever the umask. 0 or a negative errno. */
int socket_file_make_directory(const char *directory);

/*
 * Binds the socket `fd` to `path`, with mode 0660 and that group, if we may give it; sets *file. A socket
 * there that nobody listens on is removed, since a process that was killed leaves one; anything else there is
 * -EEXIST. 0 or a negative errno.
 */
int socket_file_bind(int fd, const char *path, gid_t gid, struct socket_file *file);

/* Is the file at `path` still that one? */
bool socket_file_is_at(const struct socket_file *file, const char *path);

#endif
