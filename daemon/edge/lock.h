#ifndef EDGE_LOCK_H
#define EDGE_LOCK_H

/*
 * A lock that nobody but root (or our own uid) can hold: whoever can open a file, for reading too, can
 * flock(2) it and keep it from us for ever. So it is on a file of its own with mode 0600, held as long as the
 * descriptor is open.
 *
 * Returns the descriptor; -EADDRINUSE where another broker holds it; -EPERM where others can open the file
 * and somebody, who need not be a broker, holds it; or another negative errno. A file that others can open
 * and nobody holds is replaced, since somebody may have it open.
 */
int lock_take(const char *path);

#endif
