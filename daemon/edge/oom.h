/* SPDX-License-Identifier: ISC */
#ifndef EDGE_OOM_H
#define EDGE_OOM_H

#include <stdint.h>

/*
 * What the kernel says of the memory of our own control group, which is the container's: memory.events and
 * memory.max of cgroup v2, memory.oom_control and memory.limit_in_bytes of v1. These are the kernel's files,
 * which are read without waiting.
 */
struct oom {
        int64_t kills;       /* processes that the kernel killed for want of memory */
        int64_t limit_bytes; /* 0: none, or not known */
};

/* Reads both figures. 0, or a negative errno: -ENOENT where there is no such group, as in many sandboxes. */
int oom_read(struct oom *oom);

/* As oom_read(), but /proc/self/cgroup is `self`, and /sys/fs/cgroup is `mount`. */
int oom_read_at(const char *self, const char *mount, struct oom *oom);

#endif
