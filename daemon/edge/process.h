/* SPDX-License-Identifier: ISC */
#ifndef EDGE_PROCESS_H
#define EDGE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What /proc says about other processes. Some of its files are not to be read in the loop, since who is looked at
 * can hold the reader up: "stat", which some kernels give out only between two steps of an exec, "cmdline" and
 * "environ", which are in its memory. A function says so where it reads one.
 */

/* Who holds an fcntl lock on the file `path` below `at`. 0: nobody, or nobody of our pid namespace; or a
 * negative errno. Never takes the lock. */
pid_t process_holding(int at, const char *path);

struct process {
        uid_t uid;          /* effective */
        uint64_t effective; /* capabilities, bits 1 << CAP_... */
};

/* 0, or a negative errno. */
int process_read(pid_t pid, struct process *process);

/*
 * A variable of the environment that it was started with; the caller frees *value. 0, -ENOENT where it is not
 * set, or another negative errno. The kernel wants as many capabilities for it as that process has. Of root's
 * processes only: it may be held up.
 */
int process_variable(pid_t pid, const char *name, char **value);

/*
 * When it started, in clock ticks since the machine did: field 22 of /proc/PID/stat (proc(5)). With the pid
 * it names one process for ever. 0 or a negative errno, as process_look(). In the loop of root's processes only: it
 * may be held up.
 */
int process_start_time(pid_t pid, uint64_t *ticks);

/* For whoever must not take another process for it that got its number. */
struct process_life {
        pid_t group;
        unsigned long long start; /* as process_start_time() */
};

/* 0; -ESRCH: it is gone, or a zombie; another negative errno: nobody knows. Not in the loop: it may be held up. */
int process_look(pid_t pid, struct process_life *life);

/*
 * A number that with the pid names one process for ever, to be compared with another of this function's only. It holds
 * the loop up where the kernel has no pidfs (before 6.9) only. 0 or a negative errno, as process_look().
 */
int process_birth(pid_t pid, unsigned long long *birth);

/* What of our own memory is resident; or a negative errno. */
int64_t process_resident_bytes(void);

/*
 * What it calls itself: any bytes and a NUL, PROC_COMM_BYTES at most. 0, or a negative errno, as process_look(); but the
 * loop may read it.
 */
int process_name(pid_t pid, char *name);

/* Is it at work? As far as can be seen: one that /proc hides (hidepid) is PROCESS_STATE_OTHER. */
enum process_state {
        PROCESS_STATE_OTHER,
        PROCESS_STATE_STOPPED, /* by a signal */
        PROCESS_STATE_ENDED,   /* it is gone, or a zombie without threads */
};

enum process_state process_state(pid_t pid);

/* Is it that user's, whatever it may become: by its real, effective and saved id? A program with the set-user-id bit is
 * whose it is in effect, and is held by who began it. 1 yes, 0 no, or a negative errno. */
int process_is_only_users(pid_t pid, uid_t uid);

/* May that user, without any capability, signal it? 1 yes, 0 no, or a negative errno as above. */
int process_is_users(pid_t pid, uid_t uid);

#endif
