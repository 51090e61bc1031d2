/* SPDX-License-Identifier: ISC */
#ifndef EDGE_RIGHTS_AUDIT_H
#define EDGE_RIGHTS_AUDIT_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

/* Can anyone but root change the files that root goes by? */

/*
 * Can anyone but root (or our own uid) write `path` (absolute) or one of its parents, or rename it away? A
 * sticky directory counts as writable; a file that a group may write is safe only if that is gid 0, which is
 * root's alone (rights_share_root_group()), and no ACL adds others. Symbolic links are followed, both where
 * they lie and where they lead. Returns 0 for safe, 1 with *culprit (the caller frees it) naming the path, or
 * a negative errno.
 */
int rights_audit(const char *path, char **culprit);

/* The same, but `volume` counts as writable and is not even looked at, since a look there may take as long as
 * the volume likes. */
int rights_audit_outside(const char *path, const char *volume, char **culprit);

/* Where an audit led to. */
struct rights_end {
        char path[PATH_MAX]; /* without links, and without a slash at its end */
        struct stat inode;
};

/* The same; *end is set for 0 only. */
int rights_audit_to(const char *path, const char *volume, struct rights_end *end, char **culprit);

/* The same of a relative path below a directory that an audit led to: whoever could not change that directory
 * then cannot now. */
int rights_audit_below(const char *directory, const char *file, const char *volume, struct rights_end *end,
                       char **culprit);

/* Tells all audits of the process whether anybody but root is in group 0 (rights_members.h). Until then the
 * group is taken for root's alone. */
void rights_share_root_group(bool shared);

/* Is one inode, which is no symbolic link, safe in that sense? Its path is needed only for its ACL. */
bool rights_is_safe(const char *path, const struct stat *found);

#endif
