#ifndef EDGE_S6_CONTROL_H
#define EDGE_S6_CONTROL_H

#include <stdbool.h>

/*
 * The control FIFO of an s6-supervise, <name>/supervise/control below the directory descriptor `at`, with
 * what fifo.h says of them.
 */

/* Is there a reader? A missing FIFO or directory means no. */
bool s6_control_alive(int at, const char *name);

/* Writes the letters (s6-supervise's commands) in one write. 0, -ENXIO, -EAGAIN, -ENOENT or another negative
 * errno. */
int s6_control_send(int at, const char *name, const char *letters);

#endif
