/* SPDX-License-Identifier: ISC */
#ifndef EDGE_BALLAST_H
#define EDGE_BALLAST_H

#include <stdbool.h>

#include "daemon/bounds.h"

/*
 * Blocks and inodes of a file system that are taken while it has enough, to be let go when it has none: files
 * without a name, so that nobody sees them, and nothing is left when the broker is killed.
 */
struct ballast {
        int fds[BALLAST_FILES];
        unsigned count; /* how many are open */
};

/* Takes ballast on the file system of the directory: all of it, or nothing. 0 or a negative errno. */
int ballast_take(struct ballast *ballast, int directory);
void ballast_drop(struct ballast *ballast);

#endif
