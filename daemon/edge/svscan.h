/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SVSCAN_H
#define EDGE_SVSCAN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How much the s6-svscan of a scan directory takes, by its own command line and limits. It ignores a new
 * directory beyond that without a word.
 */
struct svscan_room {
        unsigned supervisors; /* loggers included */
        unsigned services;    /* loggers not included; s6 2.11 counts so. 0: no such bound */
        unsigned loggers;     /* by s6-svscan's descriptors, two for each. 0: no such bound */
};

/*
 * Pure. words: the arguments of s6-svscan, each with its NUL, its name first. -C N and --services-max N (s6
 * 2.12 and later) say supervisors; -c N says services (until 2.14), and twice as many supervisors. Where
 * nothing is said: 1000 supervisors, and 500 services for s6 2.11, which nothing tells from the others then.
 */
void svscan_read_words(const char *words, size_t length, struct svscan_room *room);

/* Pure. Sets `loggers` by the text of /proc/PID/limits; a text that is not as expected changes nothing. */
void svscan_read_limits(const char *text, struct svscan_room *room);

/* Looks at the s6-svscan that holds the lock of the scan directory `at`, which must be root's or ours. 0,
 * -ESRCH where nobody is known to hold it, or another negative errno. */
int svscan_look(int at, struct svscan_room *room);

#endif
