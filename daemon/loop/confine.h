/* SPDX-License-Identifier: ISC */
#ifndef LOOP_CONFINE_H
#define LOOP_CONFINE_H

struct sock_filter;

/*
 * The system calls that a thread is left with. A filter (seccomp) for each kind of thread is made at start,
 * while there is only one thread (edge/seccomp.h); from then on each thread begins by taking its own, by one
 * raw system call that needs no memory and no lock. A thread inherits the filter of the thread that starts
 * it, so the loop's allows whatever the other threads need, and what they need to take a narrower one.
 */
enum confine {
        CONFINE_LOOP,
        CONFINE_VOLUME,    /* a deputy that touches the volume */
        CONFINE_PROCESSES, /* a deputy that signals processes as well */
        CONFINE_CLOSER,
        CONFINE_WATCHDOG,
        CONFINE_KINDS,
};

/* Sets the filter for a kind of thread, before there are other threads. The instructions stay the caller's,
 * and must last until the process ends. */
void confine_prepare(enum confine kind, struct sock_filter *instructions, unsigned short count);

/*
 * Confines the calling thread by the filter for its kind, for good; no_new_privs must be set. 0, also where
 * no filter was made for that kind, or a negative errno: then the thread goes on with the filter that it has,
 * and confine_failure() knows.
 */
int confine_take(enum confine kind);

/* errno of the last thread that could not take its filter; 0: all could. Any thread may ask. */
int confine_failure(void);

#endif
