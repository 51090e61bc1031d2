#ifndef EDGE_FIFO_H
#define EDGE_FIFO_H

/*
 * The control FIFOs of s6, by a path below the directory descriptor `at`. Never blocks: a stopped reader
 * leaves the FIFO full (-EAGAIN), a dead one leaves it without a reader (-ENXIO). SIGPIPE must be ignored: it
 * can die between our open and our write.
 */

/* For writing: a descriptor, or a negative errno. */
int fifo_open(int at, const char *path);

/* Writes the letters in one write. 0, -ENXIO, -EAGAIN, -ENOENT or another negative errno. */
int fifo_send(int at, const char *path, const char *letters);

#endif
