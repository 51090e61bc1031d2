/* SPDX-License-Identifier: ISC */
#ifndef EDGE_CGROUP_H
#define EDGE_CGROUP_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/bounds.h"

/*
 * Limits of control groups (v1 and v2, cgroups(7)): of the process's own and of all above it, as far as they
 * are mounted here. A container sees its own, and where the host's are mounted all of them.
 */
enum cgroup_kind {
        CGROUP_PIDS,   /* processes and threads; at the limit fork() fails with EAGAIN */
        CGROUP_MEMORY, /* bytes, less what the kernel can drop of files; over the limit it kills */
};

#define CGROUP_UNLIMITED UINT64_MAX

struct cgroup_limit {
        uint64_t used;
        uint64_t most;                 /* CGROUP_UNLIMITED: there is none */
        char where[CGROUP_PATH_BYTES]; /* the group's directory */
};

/*
 * Reads the limit with the least left. root: what stands before /proc and the mounts, "" but in tests. 0,
 * -ENOENT where no such group can be seen, or another negative errno.
 */
int cgroup_read(const char *root, enum cgroup_kind kind, struct cgroup_limit *limit);

#endif
