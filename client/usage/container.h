/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_USAGE_CONTAINER_H
#define CLIENT_USAGE_CONTAINER_H

#include <stdint.h>

/*
 * The memory of the container as its control group has it (cgroups(7), v1 and v2): of all groups from the own one up that
 * can be seen, the one with the least left. What the kernel can drop of files is taken off, as `docker stats` has it.
 */
struct container_memory {
        int64_t used_bytes;
        int64_t limit_bytes; /* -1: there is none */
};

/* root: what stands before /proc and /sys, "" but in tests. 0; -ENOENT: no such group can be seen. */
int container_memory_read(const char *root, struct container_memory *memory);

#endif
