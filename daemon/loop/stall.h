/* SPDX-License-Identifier: ISC */
#ifndef LOOP_STALL_H
#define LOOP_STALL_H

/*
 * A peer may send descriptors with its bytes (SCM_RIGHTS) whose closing sleeps, as that of a TCP socket with
 * SO_LINGER does, and it is our recv() or close() that sleeps then. From Linux 6.16 on SO_PASSRIGHTS refuses
 * them. Before, the loop neither takes such bytes nor closes such sockets (stream.h); should something sleep
 * there all the same, a signal that comes again and again between stall_guard_begin() and stall_guard_end()
 * ends it.
 */

/* The two others do nothing before this. Called once, before any thread that does not block SIGALRM. */
void stall_guard_enable(void);

void stall_guard_begin(void);
void stall_guard_end(void);

#endif
