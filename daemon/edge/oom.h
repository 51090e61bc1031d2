/* SPDX-License-Identifier: ISC */
#ifndef EDGE_OOM_H
#define EDGE_OOM_H

#include <stdint.h>

/*
 * What the kernel says of the memory of our own control group, which is the container's: memory.events and
 * memory.max of cgroup v2, memory.oom_control and memory.limit_in_bytes of v1. The kernel's files: they are
 * read at once.
 */
struct oom {
        int64_t kills;       /* processes that it killed for want of memory */
        int64_t limit_bytes; /* 0: none, or not known */
};

/* 0, or a negative errno: -ENOENT where there is no such group, as in many sandboxes. */
int oom_read(struct oom *oom);

/* The same where /proc/self/cgroup is `self`, and /sys/fs/cgroup `mount`. */
int oom_read_at(const char *self, const char *mount, struct oom *oom);

#endif
