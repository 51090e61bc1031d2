/* SPDX-License-Identifier: ISC */
#ifndef EDGE_VOLUME_LOCKS_H
#define EDGE_VOLUME_LOCKS_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/judge/locks.h"

/*
 * Does some process hold an fcntl lock (of any kind, on any part) on the file? 1 yes, 0 no or no such file,
 * or a negative errno; then nobody knows. Never takes the lock. Does not see flock(2), which is another
 * thing.
 */
int volume_is_locked(int volume, const char *path);

/* Looks at the locks of a profile's gateway and of its log, in the deputy, as the client user. Follows links
 * in the logs' path, as s6-log does, but none of those that lead to what a process has open. */
void volume_look_at_locks(const char *home, const char *profile, uid_t uid, struct volume_locks *found);

#endif
