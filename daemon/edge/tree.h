/* SPDX-License-Identifier: ISC */
#ifndef EDGE_TREE_H
#define EDGE_TREE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Small things done to files and directories below a directory descriptor. Modes come out as given, whatever
 * the umask; no symbolic link is ever followed; no capability is needed for what we own. All: 0 or a negative
 * errno.
 */

/* Opens a directory for reading. Returns the descriptor or a negative errno. `name`, here and in tree_read(),
 * may be a path of several components, each opened as if by itself. */
int tree_open(int at, const char *name);

/* Opens a file in the same way, with flags of openat(2); a file that is made is 0600. */
int tree_open_file(int at, const char *path, int flags);

/* Makes a directory. -EEXIST when the name is taken. */
int tree_make(int at, const char *name, mode_t mode);

/* Writes all of the bytes to an open file. */
int tree_write_all(int fd, const void *bytes, size_t length);

/* Makes a file. -EEXIST when the name is taken. */
int tree_write(int at, const char *name, const void *bytes, size_t length, mode_t mode);

/* Makes or replaces a file, by rename from `temporary`. Not synced: what lies under /run need not survive the
 * machine. */
int tree_replace(int at, const char *temporary, const char *name, const void *bytes, size_t length,
                 mode_t mode);

/*
 * Reads a regular file of at most `limit` bytes, with a NUL behind them; the caller frees *bytes. -EFBIG for
 * a longer one, -EINVAL for what is no regular file.
 */
int tree_read(int at, const char *name, size_t limit, char **bytes, size_t *length);

/* The same of a file that is open; takes `fd` over. */
int tree_read_open(int fd, size_t limit, char **bytes, size_t *length);

/* Removes the name, and what is below it if it is a directory. 0 also when it is gone already. */
int tree_remove(int at, const char *name);

/* Removes everything in the directory `fd`, which stays open. */
int tree_empty(int fd);

/*
 * Copies what is in the directory `from` into the directory `to`: regular files and directories, modes &
 * 0755; directories we can always write in. A symbolic link is -ELOOP, anything else that is neither -EINVAL,
 * as is a tree too deep; a name that is taken -EEXIST.
 */
int tree_copy(int from, int to);

/* Copies an open file, from where it would be read next, to a new one; -EEXIST when the name is taken. */
int tree_copy_open(int from, int to_at, const char *name, mode_t mode);

/* Copies a file to the same path below `to_at`, where its directory is there already. */
int tree_copy_file(int from_at, int to_at, const char *path);

/* The mode of a directory that is copied: one of a read-only image (0555) must take supervise/, too. */
#define TREE_DIRECTORY_MODE(mode) (((mode)&0755) | 0700)

#endif
