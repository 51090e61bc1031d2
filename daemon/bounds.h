#ifndef DAEMON_BOUNDS_H
#define DAEMON_BOUNDS_H

/*
 * Every limit and time of the daemon that no client meets as a named bound, with its unit and its reason. What a client can
 * meet is in proto/limits.h.
 */

/* The process. */

/* Sessions. */

/* Orders. */

/* Slots and the services directory. */

/* Services and what is watched. */

/* The volume, and the threads that look at it. */

#endif
