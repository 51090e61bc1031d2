/* SPDX-License-Identifier: ISC */
#ifndef EDGE_GROUPS_H
#define EDGE_GROUPS_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/bounds.h"

/*
 * What is left of the process groups of runs that are over. The template's run notes each in the slot's
 * data/pgid as a line PID:START (START: field 22 of /proc/PID/stat), its finish empties the file when it has
 * ended them; what is there without a supervisor belongs to one that was killed.
 */
struct groups {
        uid_t uid; /* only processes of this user are signalled */
        size_t count;
        struct group_mark {
                pid_t pid;
                unsigned long long start;
        } marks[GROUPS_NOTED];
};

/* Reads <name>/data/pgid below `at`. How many; a file that is missing or malformed holds none. Or a negative errno, as for
 * want of a descriptor: then nobody knows. */
int groups_read(int at, const char *name, uid_t uid, struct groups *groups);

/* Sends TERM, and CONT, to every process in them, once. How many there were; or a negative errno: of one nobody knows, as for
 * want of a descriptor. Looks at all processes: for the deputy. */
int groups_end(const struct groups *groups);

/*
 * Sends KILL to every process in them (by pidfd, looked at again behind it, so that a number given out anew
 * is spared) until none is left or msec have passed. Blocks: for the deputy. True: none is left.
 */
bool groups_kill(const struct groups *groups, int msec);

#endif
