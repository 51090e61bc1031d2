/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_HOME_H
#define CLIENT_LOG_HOME_H

#include <sys/stat.h>

/*
 * The volume of the client user, as root may look into it. The path of its top is the operator's; every name
 * below that the client user can replace at any moment, by a link to what only root may read, too. So it is
 * gone step by step, and no link is followed.
 */

/* Of which the directory, PATH/logs/gateways/PROFILE, is that of a log. NULL: of none, or memory is short. */
char *home_of_log(const char *directory);

/* A descriptor (O_PATH), or negative errno. *info: of the top. */
int home_open(const char *home, struct stat *info);

/* Opens the directory (O_PATH) that is below another, path being names with a slash between. -ENOTDIR: one of
 * them is a link, or something else. */
int home_below(int at, const char *path);

/* Opens the directory of a log for reading. For root no link is followed below the top of the volume; who else
 * asks reads with rights of no more than its own. -ENOTDIR as above. */
int home_open_log(const char *directory);

#endif
