/* SPDX-License-Identifier: ISC */
#ifndef EDGE_PROCESS_H
#define EDGE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What /proc says about other processes. Some of its files are not to be read in the loop, since a process
 * can hold its reader up: "stat", which some kernels give out only between two steps of an exec, "cmdline"
 * and "environ", which are in its memory. A function says so where it reads one.
 */

/* Returns the pid of who holds an fcntl lock on the file `path` below `at`. 0: nobody, or nobody of our pid
 * namespace; or a negative errno. Never takes the lock. */
pid_t process_holding(int at, const char *path);

struct process {
        uid_t uid;          /* effective */
        uint64_t effective; /* capabilities, bits 1 << CAP_... */
};

/* Reads the effective uid and capabilities of a process. 0, or a negative errno. */
int process_read(pid_t pid, struct process *process);

/*
 * Reads a variable of the environment that the process was started with; the caller frees *value. 0, -ENOENT
 * where it is not set, or another negative errno. The kernel wants the reader to have as many capabilities as
 * that process. For root's processes only: others may hold the reader up.
 */
int process_variable(pid_t pid, const char *name, char **value);

/*
 * When the process started, in clock ticks since the machine did: field 22 of /proc/PID/stat (proc(5)). With
 * the pid, that names one process for ever. 0 or a negative errno, as process_look(). In the loop for root's
 * processes only: others may hold the reader up.
 */
int process_start_time(pid_t pid, uint64_t *ticks);

/* What tells a process from another one that got its number later. */
struct process_life {
        pid_t group;
        unsigned long long start; /* as process_start_time() */
};

/* Reads the life of a process. 0; -ESRCH: the process is gone, or a zombie; another negative errno: nobody
 * knows. Not for the loop, which the process may hold up. */
int process_look(pid_t pid, struct process_life *life);

/*
 * Reads a number that with the pid names one process for ever, and is compared with others of this function's
 * only. The process may hold the loop up only where the kernel has no pidfs (before 6.9). 0 or a negative
 * errno, as process_look().
 */
int process_birth(pid_t pid, unsigned long long *birth);

/* How many bytes of our own memory are resident; or a negative errno. */
int64_t process_resident_bytes(void);

/*
 * What the process calls itself: any bytes and a NUL, PROC_COMM_BYTES at most. 0, or a negative errno, as
 * process_look(); but the loop may call this.
 */
int process_name(pid_t pid, char *name);

/* Is a process at work, as far as can be seen? One that /proc hides (hidepid) is PROCESS_STATE_OTHER. */
enum process_state {
        PROCESS_STATE_OTHER,
        PROCESS_STATE_STOPPED, /* by a signal */
        PROCESS_STATE_ENDED,   /* it is gone, or a zombie without threads */
};

enum process_state process_state(pid_t pid);

/* Is the process that user's, whatever it may become: by its real, effective and saved id? A program with the
 * set-user-id bit has its owner's effective id, but is in the hands of whoever began it. 1 yes, 0 no, or a
 * negative errno. */
int process_is_only_users(pid_t pid, uid_t uid);

/* May that user, without any capability, signal the process? 1 yes, 0 no, or a negative errno. */
int process_is_users(pid_t pid, uid_t uid);

#endif
