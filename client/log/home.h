/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_HOME_H
#define CLIENT_LOG_HOME_H

#include <sys/stat.h>

/*
 * The volume of the client user, as root may look into it. The path of its top is the operator's; the client
 * user can replace every name below the top at any moment, even by a link to what only root may read. So a
 * path below the top is walked name by name, and no link is followed.
 */

/* Returns the home (PATH) to which a log's directory, PATH/logs/gateways/PROFILE, belongs: free() it. NULL:
 * the directory has no such path, or memory is short. */
char *home_of_log(const char *directory);

/* Opens the top of a volume; *info is the top's. Returns a descriptor (O_PATH), or negative errno. */
int home_open(const char *home, struct stat *info);

/* Opens the directory (O_PATH) that is below another; path is names with slashes between them. Returns a
 * descriptor, or negative errno; -ENOTDIR: one of the names is a link, or no directory. */
int home_below(int at, const char *path);

/* Opens the directory of a log for reading. For root no link is followed below the top of the volume; any
 * other user reads with no more than its own rights. Returns a descriptor, or negative errno; -ENOTDIR as
 * for home_below(). */
int home_open_log(const char *directory);

#endif
