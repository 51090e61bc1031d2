/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_USAGE_SESSION_H
#define CLIENT_USAGE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the processes of a session take, read from /proc with the rights of the caller. s6-supervise starts
 * each gateway in a session of its own, whose number is the gateway's pid; processes that left the session
 * are not seen.
 */

#define USAGE_UNKNOWN (-1)

/* One of all processes that a look at /proc found. */
struct usage_process {
        int64_t pid;
        int64_t session;
        int64_t threads;
        int64_t cpu_ticks; /* its own, and those of the children that it has waited for */
};

struct usage_processes {
        struct usage_process *all; /* sorted by session */
        size_t count;
};

/* What one session takes. USAGE_UNKNOWN: /proc says nothing of that to the caller. */
struct usage {
        int64_t memory_bytes; /* anonymous and shared memory of each of its processes: RssAnon and RssShmem */
        int64_t cpu_usec;
        int64_t processes;
        int64_t threads;
        int64_t files; /* open descriptors of all its processes */
};

/* Reads all processes. proc: "/proc", but in tests. Returns 0 or a negative errno; usage_processes_free() is
 * due only after 0. */
int usage_processes_read(const char *proc, struct usage_processes *processes);
void usage_processes_free(struct usage_processes *processes);

/* Adds up what the processes of a session take. files: open files are to be counted, too. */
void usage_of_session(const char *proc, const struct usage_processes *processes, int64_t session, bool files,
                      struct usage *usage);

#endif
