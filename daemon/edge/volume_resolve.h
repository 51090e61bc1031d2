/* SPDX-License-Identifier: ISC */
#ifndef EDGE_VOLUME_RESOLVE_H
#define EDGE_VOLUME_RESOLVE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * The inside of volume.h: from a path below the volume to a directory descriptor, beneath it and without
 * symbolic links. Once the directory is held, its last component is one name for openat() with O_NOFOLLOW,
 * which can lead nowhere else. Paths are relative, of components that are neither empty nor "." nor "..";
 * anything else is -EINVAL. A symbolic link in place of any component is -ELOOP, anything else that is no
 * directory -ENOTDIR. All return 0 or a descriptor, or a negative errno.
 */

/* What opening the last component always takes: it may be a link, a FIFO, a terminal, or under a lease. */
#define VOLUME_OPEN_FLAGS (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* Is the path one component, so that what it names is in the directory itself? */
bool volume_is_name(const char *path);

/* Opens a directory; `access` is O_PATH or O_RDONLY. "." is the volume itself. By openat2, else by
 * volume_walk(). */
int volume_resolve(int volume, const char *path, int access);

/*
 * The same component by component, for where there is no openat2. make: the mode of the directories to make
 * where they are missing; 0: none is made. A directory in which one was made is synced.
 */
int volume_walk(int volume, const char *path, int access, mode_t make);

/* Opens the directory that `path` lies in, as those two do; *name is the last component, within `path`. */
int volume_parent(int volume, const char *path, int access, mode_t make, const char **name);

/*
 * Opens a directory (O_PATH), following the links on the way wherever they lead, but none of those of /proc,
 * which lead to what a process has open. -ENOSYS: there is no openat2, so nothing tells those from others.
 */
int volume_follow(int directory, const char *path);

/* What O_CREAT makes has this mode, of which the umask takes nothing. */
#define VOLUME_MODE_MADE 0600

/*
 * Opens what is at a path, of whatever kind: by one openat2, or by way of its directory. flags: how, besides
 * VOLUME_OPEN_FLAGS. With O_PATH a link in the last place is opened itself.
 */
int volume_open_file(int volume, const char *path, int flags);

/* Opens a regular file in that way; *found: what fstat() says of the file. -EINVAL for anything else. */
int volume_open_regular(int volume, const char *path, int flags, struct stat *found);

/* Removes a regular file; 0 also when there is none, -EINVAL for anything else. */
int volume_remove_at(int directory, const char *name);

/* fsync(); it is no error that a file system has none for directories. */
int volume_sync_directory(int directory);

/*
 * Syncs the volume, and the directories on the way from it to `path`, but not `path` itself: so that the name
 * of each is on the disk, whoever made it. A directory that may not be opened for reading is left out. 0 or a
 * negative errno.
 */
int volume_sync_above(int volume, const char *path);

/* Gives what we have just made the part of its mode that the umask took. found: what fstat() said of it
 * since; NULL: it is asked here. */
void volume_widen(int fd, mode_t mode, const struct stat *found);

#endif
