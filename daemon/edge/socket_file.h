/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SOCKET_FILE_H
#define EDGE_SOCKET_FILE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The file of a socket that others connect to: what it is called may be removed, moved or taken by something
 * else while the socket goes on.
 */
struct socket_file {
        dev_t device;
        ino_t inode;
};

/* /run/svcbroker and the like, if it is not there: 0755 whatever the umask. 0 or a negative errno. */
int socket_file_make_directory(const char *directory);

/*
 * Binds it with mode 0660 and that group. A socket that lies there and that nobody listens on is removed, as
 * one is left by a process that was killed; anything else is not: -EEXIST, or another negative errno.
 */
int socket_file_bind(int fd, const char *path, gid_t gid, struct socket_file *file);

/* What is called so is that file. */
bool socket_file_is_at(const struct socket_file *file, const char *path);

#endif
