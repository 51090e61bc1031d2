#ifndef EDGE_S6_CONTROL_H
#define EDGE_S6_CONTROL_H

#include <stdbool.h>

/*
 * The control FIFO of an s6-supervise, <name>/supervise/control below the directory descriptor `at`, with
 * what fifo.h says of them.
 */

/* Is there a reader? 1: yes. 0: no, or there is no such FIFO or directory. A negative errno: that could not
 * be seen, and may be different the next time. */
int s6_control_alive(int at, const char *name);

/* How many bytes its s6-supervise has not read; 0 also where that cannot be seen. One that works reads them
 * at once. */
unsigned s6_control_unread(int at, const char *name);

/* Does that result of a send say that nobody supervises it (any more)? Every other error may pass. */
bool s6_control_is_gone(int result);

/* Writes the letters (s6-supervise's commands) in one write. 0, -ENXIO, -EAGAIN, -ENOENT or another negative
 * errno. */
int s6_control_send(int at, const char *name, const char *letters);

#endif
