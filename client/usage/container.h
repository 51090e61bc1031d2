/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_USAGE_CONTAINER_H
#define CLIENT_USAGE_CONTAINER_H

#include <stdint.h>

/*
 * The memory of the container as its control group has it (cgroups(7), v1 and v2): that of the group with the
 * least left, of all visible groups from our own upwards. Memory of files that the kernel can drop is not
 * counted, as in `docker stats`.
 */
struct container_memory {
        int64_t used_bytes;
        int64_t limit_bytes; /* -1: there is none */
};

/* Reads the memory. root: what stands before /proc and /sys, "" but in tests. Returns 0, or -ENOENT if no
 * such group can be seen. */
int container_memory_read(const char *root, struct container_memory *memory);

#endif
