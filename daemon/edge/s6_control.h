/* SPDX-License-Identifier: ISC */
#ifndef EDGE_S6_CONTROL_H
#define EDGE_S6_CONTROL_H

#include <stdbool.h>

/*
 * The control FIFOs of s6. Nothing here blocks: a stopped reader leaves its FIFO full (-EAGAIN), a dead one leaves
 * it without a reader (-ENXIO). SIGPIPE must be ignored, since a reader can die between our open and our write.
 */

/* By a path below the directory descriptor `at`. Opens it for writing: a descriptor, or a negative errno. */
int s6_fifo_open(int at, const char *path);

/* How many bytes its reader has not read; 0 also where that cannot be seen. */
unsigned s6_fifo_unread(int at, const char *path);

/* Writes the letters in one write. 0, -ENXIO, -EAGAIN, -ENOENT or another negative errno. */
int s6_fifo_send(int at, const char *path, const char *letters);

/* The rest is about that of an s6-supervise: <name>/supervise/control below `at`. */

/* Is there a reader? 1: yes. 0: no, or there is no such FIFO or directory. A negative errno: that could not
 * be seen, and may be different the next time. */
int s6_control_alive(int at, const char *name);

/* How many bytes its s6-supervise has not read; 0 also where that cannot be seen. One that works reads them
 * at once. */
unsigned s6_control_unread(int at, const char *name);

/* Does that result of a send say that nobody supervises it (any more)? Every other error may pass. */
bool s6_control_is_gone(int result);

/* Sends it commands, a letter each, as s6_fifo_send() does. */
int s6_control_send(int at, const char *name, const char *letters);

#endif
