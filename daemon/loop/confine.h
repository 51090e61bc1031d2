/* SPDX-License-Identifier: ISC */
#ifndef LOOP_CONFINE_H
#define LOOP_CONFINE_H

struct sock_filter;

/*
 * The system calls that a thread is left with. A filter (seccomp) for each kind of thread is made at start,
 * while there is but one (edge/seccomp.h); from then on a thread takes its own first, by one raw system call:
 * no memory, no lock. What a thread starts has its filter, so the loop's has whatever another thread needs,
 * and what it needs to take a narrower one.
 */
enum confine {
        CONFINE_LOOP,
        CONFINE_VOLUME,    /* a deputy that touches the volume */
        CONFINE_PROCESSES, /* one that signals, too */
        CONFINE_CLOSER,
        CONFINE_WATCHDOG,
        CONFINE_KINDS,
};

/* Before there are other threads. The instructions stay the caller's, until the process ends. */
void confine_prepare(enum confine kind, struct sock_filter *instructions, unsigned short count);

/*
 * The calling thread takes its filter, for good. 0, also where none was made for it, or a negative errno: then
 * it goes on with what it has, and confine_failure() knows. no_new_privs is set.
 */
int confine_take(enum confine kind);

/* errno of a thread that could not take its own; 0: all could. Any thread may ask. */
int confine_failure(void);

#endif
