/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_USAGE_SESSION_H
#define CLIENT_USAGE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the processes of a session take, read from /proc with the rights of whoever asks. s6-supervise begins each gateway in
 * a session of its own, whose number is the gateway's pid; what left that session is not seen.
 */

#define USAGE_UNKNOWN (-1)

/* One process, of a look at all. */
struct usage_process {
        int64_t pid;
        int64_t session;
        int64_t threads;
        int64_t cpu_ticks; /* its own, and of its children that it has waited for */
};

struct usage_processes {
        struct usage_process *all; /* by session */
        size_t count;
};

/* Of one session. USAGE_UNKNOWN: somebody else's /proc says nothing of it. */
struct usage {
        int64_t memory_bytes; /* anonymous and shared memory of each of its processes: RssAnon and RssShmem */
        int64_t cpu_usec;
        int64_t processes;
        int64_t threads;
        int64_t files; /* open descriptors of all of them */
};

/* proc: "/proc", but in tests. 0 or a negative errno; usage_processes_free() is due only after 0. */
int usage_processes_read(const char *proc, struct usage_processes *processes);
void usage_processes_free(struct usage_processes *processes);

/* files: these are to be counted, too. */
void usage_of_session(const char *proc, const struct usage_processes *processes, int64_t session, bool files,
                      struct usage *usage);

#endif
