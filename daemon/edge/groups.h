/* SPDX-License-Identifier: ISC */
#ifndef EDGE_GROUPS_H
#define EDGE_GROUPS_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/bounds.h"

/*
 * What is left of the process groups of runs that are over. The template's run notes each in the slot's
 * data/pgid as a line PID:START (START: field 22 of /proc/PID/stat), and its finish empties the file when it
 * has ended them; what the file holds while there is no supervisor is of one that was killed.
 */
struct groups {
        uid_t uid; /* only processes of this user are signalled */
        size_t count;
        struct group_mark {
                pid_t pid;
                unsigned long long start;
        } marks[GROUPS_NOTED];
};

/* Reads <name>/data/pgid below `at`. Returns how many groups it names, up to the first line that is
 * malformed; a file that is missing names none. Or a negative errno, as for want of a descriptor: then nobody
 * knows. */
int groups_read(int at, const char *name, uid_t uid, struct groups *groups);

/* Sends TERM, and CONT, to every process in the groups, once. Returns how many there were; or a negative
 * errno: one could not be looked at or signalled, as for want of a descriptor. Looks at all processes, so it
 * is for the deputy. */
int groups_end(const struct groups *groups);

/*
 * Sends KILL to every process in the groups (by pidfd; each is looked at again once that is open, so that a
 * process with a number given out anew is spared) until none is left or msec have passed. Blocks, so it is
 * for the deputy. True: none is left.
 */
bool groups_kill(const struct groups *groups, int msec);

#endif
