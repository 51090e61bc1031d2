/* SPDX-License-Identifier: ISC */
#ifndef EDGE_ENTRIES_H
#define EDGE_ENTRIES_H

#include <stddef.h>

/* The names in a directory, without . and .. . */
struct entries {
        char **names;
        size_t count;
};

/* Reads all names of the directory `fd`, or none. 0, or a negative errno. */
int entries_read(int fd, struct entries *entries);
void entries_free(struct entries *entries);

#endif
