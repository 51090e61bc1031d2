/* SPDX-License-Identifier: ISC */
#ifndef EDGE_STRAY_H
#define EDGE_STRAY_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * An s6-supervise that went astray: it was begun by the name in the scan directory while that led elsewhere,
 * and s6-svscan takes it for the one of the directory that it had looked at. It reads no FIFO there.
 */

/* Each s6-supervise among the children of the s6-svscan of the scan directory `at`: its name (a logger's: NAME/log), and
 * whether it has a process of its own. Some ten system calls for each. 0 or a negative errno. */
int stray_each(int at, void (*found)(void *owner, const char *name, pid_t pid, bool busy), void *owner);

/* It exits, when what it runs ended by itself: nothing is ended by this. 0 or a negative errno. */
int stray_dismiss(pid_t pid);

#endif
