/* SPDX-License-Identifier: ISC */
#ifndef EDGE_LOCK_H
#define EDGE_LOCK_H

#include <stdbool.h>

/*
 * A lock that nobody but root (or our own uid) can hold: whoever can open a file, for reading too, can
 * flock(2) it and keep it from us for ever. So the lock is on a file of its own with mode 0600, and is held
 * as long as the descriptor is open.
 *
 * Takes the lock and returns the descriptor; -EADDRINUSE where another broker holds it; -EPERM where others
 * can open the file and somebody, who need not be a broker, holds it; or another negative errno. A file that
 * others can open and nobody holds is replaced, since somebody may have it open.
 */
int lock_take(const char *path);

/* Is the file at `path` the one that was locked as `fd`? Then nobody else can lock it. */
bool lock_is_at(int fd, const char *path);

#endif
