/* SPDX-License-Identifier: ISC */
#ifndef EDGE_RIGHTS_AUDIT_H
#define EDGE_RIGHTS_AUDIT_H

#include <limits.h>
#include <stdbool.h>

/* Who but root can change what root goes by. */

struct stat;

/*
 * Can anyone but root (or our own uid) write `path` (absolute) or one of its parents, or rename it away? A
 * sticky directory counts as writable; one that a group may write is safe only if that is gid 0, which is
 * root's alone (see below), and no ACL adds others. Symbolic links are followed, both where they lie and where
 * they lead. Returns 0 for safe, 1 with *culprit (the caller frees it) naming the path, or a negative errno.
 */
int rights_audit(const char *path, char **culprit);

/* The same, but that `volume` counts as writable and is not even looked at: a look may take as long as it
 * likes. */
int rights_audit_outside(const char *path, const char *volume, char **culprit);

/* The same, and where it leads: a path without links and without a slash at its end. resolved is set for 0 only. */
int rights_audit_to(const char *path, const char *volume, char resolved[PATH_MAX], char **culprit);

/* The same of a relative path below a directory that such an audit led to: who could not change it then, cannot now. */
int rights_audit_below(const char *directory, const char *file, const char *volume, char **culprit);

/* What was found, for all audits of the process. Until it is told, the group is taken for root's alone. */
void rights_share_root_group(bool shared);

/* The same of one inode that is no symbolic link; its path is only for its ACL. */
bool rights_is_safe(const char *path, const struct stat *found);

#endif
