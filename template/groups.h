/* SPDX-License-Identifier: ISC */
#ifndef TEMPLATE_GROUPS_H
#define TEMPLATE_GROUPS_H

#include <stdbool.h>

/* Process groups, as notes of them (PID:START) with NULL at the end: so a number that the kernel gave out again is
 * not the old group's. */

#define GROUPS_MOST 32

struct groups {
        const char *notes[GROUPS_MOST + 1];
        char text[GROUPS_MOST * 48];
};

/* SIGTERM, and after so many tenths of a second SIGKILL: a gateway may drain, and finish has five seconds in all. */
#define GATEWAY_TENTHS 300
#define LOGGER_TENTHS 10
#define FINISH_TENTHS 20

/* Those of a file, none where there is no such file. 0, or a negative errno: then it is not known which there are, and
 * none is in `groups`. */
int groups_read(struct groups *groups, const char *path);

/* The one with that number. */
void groups_set(struct groups *groups, const char *number);

/* Of these, the ones that are still there stay. A leader that is gone leaves the number to its group, until that
 * is empty. */
void groups_keep_living(struct groups *groups);

/* Writes them down, and our own process behind them. 0 or a negative errno; EAGAIN where our own start is unknown. */
int groups_note(const struct groups *groups, const char *path);

/* Ends them, with a second more for the kernel to be done with them. false: which they are could not be looked at. */
bool groups_sweep(const char *const *notes, unsigned tenths);

#endif
