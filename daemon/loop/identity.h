/* SPDX-License-Identifier: ISC */
#ifndef LOOP_IDENTITY_H
#define LOOP_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The identity of one thread, as the kernel keeps it. The C library's wrappers change all threads at once, so
 * these are raw system calls, and each is checked by reading back what came of it.
 *
 * The file-system ids (setfsuid(2)) decide about files: a thread with the client's has no more power over
 * them than the client. Its real, effective and saved ids stay root's, since kill(2), prlimit(2),
 * sched_setscheduler(2), sched_setaffinity(2), setpriority(2) and ioprio_set(2) take a thread's id and look
 * at that thread's real, effective or saved ids: with the client's there, the client could end the broker,
 * stop it, or have it run only when nothing else wants to.
 */

/*
 * Gives the calling thread the client's file-system ids, no supplementary groups, and no capability, but for
 * CAP_SETUID, not effective, where it `signals`. Needs CAP_SETUID and CAP_SETGID. 0, or a negative errno
 * (-EPERM also where what is read back differs).
 */
int identity_become(uid_t uid, gid_t gid, bool signals);

/*
 * Sends a signal as the client may, from a thread that `signals`: its effective uid is the client's for that
 * one call, since kill(2) does not look at the file-system uid. pidfd -1: by pid. 0, or a negative errno.
 */
int identity_signal(uid_t uid, int pidfd, pid_t pid, int number);

/* How a thread is scheduled, which the client may change for good while the thread has its effective uid. */
struct schedule {
        int policy;
        int nice;
        unsigned long cores[16]; /* the first 1024, of sched_getaffinity(2) */
};

/* Reads how the calling thread is scheduled; and: is the calling thread scheduled like that? */
void schedule_read(struct schedule *schedule);
bool schedule_is(const struct schedule *schedule);

#endif
