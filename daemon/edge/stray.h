#ifndef EDGE_STRAY_H
#define EDGE_STRAY_H

#include <sys/types.h>

/*
 * An s6-supervise that went astray: it was begun by the name in the scan directory while that led elsewhere,
 * and s6-svscan takes it for the one of the directory that it had looked at. It reads no FIFO there.
 */

/* The s6-supervise of that name (a logger's: NAME/log) among the children of the s6-svscan of the scan
 * directory `at`; the first one without a process of its own. 0: there is none, -EBUSY: only such as have
 * one, or another negative errno. */
pid_t stray_find(int at, const char *name);

/* It exits, when what it runs ended by itself: nothing is ended by this. 0 or a negative errno. */
int stray_dismiss(pid_t pid);

#endif
