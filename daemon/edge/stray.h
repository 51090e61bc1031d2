/* SPDX-License-Identifier: ISC */
#ifndef EDGE_STRAY_H
#define EDGE_STRAY_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * An s6-supervise that went astray: it was begun by its name in the scan directory while that name led
 * elsewhere, and s6-svscan takes it for the one of the directory that was looked at before. It reads no FIFO
 * in that directory.
 */

/* Calls `found`, before this returns, for each s6-supervise among the children of the s6-svscan of the scan
 * directory `at`: its name (a logger's: NAME/log), and busy: whether it has a child. Some ten system calls
 * for each. 0 or a negative errno. */
int stray_each(int at, void (*found)(void *owner, const char *name, pid_t pid, bool busy), void *owner);

/* Makes an s6-supervise exit once what it runs has ended, which this does not end. 0 or a negative errno. */
int stray_dismiss(pid_t pid);

#endif
