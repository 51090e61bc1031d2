/* SPDX-License-Identifier: ISC */
#ifndef EDGE_TREE_WALK_H
#define EDGE_TREE_WALK_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "daemon/bounds.h"

/*
 * Goes through all that is below a directory, an inode at a time, each directory before what is in it. No
 * symbolic link is followed, but where the top is one; no other file system is entered. Names that come or go
 * meanwhile are met, or not. It holds a descriptor a level.
 */
struct tree_walk {
        /* What was met last: */
        char path[PATH_MAX];
        const char *name;  /* the end of that path; of the top, all of it */
        struct stat inode; /* of no meaning with an error */
        int error;         /* why the inode, or what is in it, cannot be looked at: an errno; 0: it can */
        /* How far the walk is: */
        DIR *open[TREE_DEPTH];
        size_t lengths[TREE_DEPTH]; /* of the paths of these, each with its slash */
        unsigned depth;             /* how many are open */
        dev_t device;               /* of the top */
        bool begun;
        bool enter; /* what was met last is a directory, and comes next */
};

void tree_walk_begin(struct tree_walk *walk, const char *top);

/* Goes to the next inode. A directory that cannot be read is met twice, the second time with the error. False:
 * there is none. */
bool tree_walk_next(struct tree_walk *walk);

/* What was met last is not looked into. */
void tree_walk_skip(struct tree_walk *walk);

/* Closes what is open, wherever the walk is. */
void tree_walk_end(struct tree_walk *walk);

#endif
