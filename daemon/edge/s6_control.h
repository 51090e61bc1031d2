#ifndef EDGE_S6_CONTROL_H
#define EDGE_S6_CONTROL_H

#include <stdbool.h>

/*
 * The control FIFO of an s6-supervise, <name>/supervise/control below the directory descriptor `at`. Never
 * blocks: a stopped s6-supervise leaves the FIFO full (-EAGAIN), a dead one leaves it without a reader
 * (-ENXIO). SIGPIPE must be ignored: it can die between our open and our write.
 */

/* Is there a reader? A missing FIFO or directory means no. */
bool s6_control_alive(int at, const char *name);

/* Writes the letters (s6-supervise's commands) in one write. 0, -ENXIO, -EAGAIN, -ENOENT or another negative
 * errno. */
int s6_control_send(int at, const char *name, const char *letters);

#endif
