/* SPDX-License-Identifier: ISC */
#ifndef EDGE_S6_STATUS_H
#define EDGE_S6_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What supervise/status says, which s6-supervise writes in one of the forms that s6_status.c knows. */
struct s6_status {
        int64_t since_usec; /* UTC; when the run began, or when it ended */
        int64_t ready_usec; /* UTC; when it became ready (or down for good); meaningful only with `ready` */
        pid_t pid;          /* of run, or of finish while `finishing`; 0: down */
        int wait_status;    /* of the last run, as waitpid() gives it; 0 also before any run ended */
        bool paused;        /* only of a process: the flag alone is how 2.15 says "never started" */
        bool finishing;
        bool want_up;
        bool ready;
};

/* Decodes supervise/status. 0, or -EBADMSG for bytes that no known s6 writes; *status is untouched then. */
int s6_status_decode(const unsigned char *bytes, size_t length, struct s6_status *status);

/* Does the status show a run (not its finish script)? */
bool s6_status_is_alive(const struct s6_status *status);

/* Has the s6-supervise that wrote the status run nothing yet? Then it knows nothing of what the one before it
 * ran: neither that it ended, nor how. */
bool s6_status_has_run_nothing(const struct s6_status *status);

/* Do both show no run, though there was one between them, too short to be seen? Both are of one s6-supervise.
 * False where `before` is zero. */
bool s6_status_ran_between(const struct s6_status *before, const struct s6_status *now);

/*
 * Reads <name>/supervise/status below the directory descriptor `at`. 0, -ENOENT where there is none (yet),
 * -EBADMSG, or another negative errno.
 */
int s6_status_read(int at, const char *name, struct s6_status *status);

/*
 * supervise/death_tally: how many deaths s6 has noted for the service. s6-supervise reads the file and writes
 * it anew with one more, s6-permafailon reads it. Clearing replaces the file by rename (s6-supervise opens it
 * anew each time), from a temporary name of our own, or empties it where there is no room for another. Both
 * return 0 or a negative errno; a missing file counts as no deaths.
 */
int s6_tally_count(int at, const char *name, unsigned *deaths);
int s6_tally_clear(int at, const char *name);

/* As s6_tally_count(), but only the deaths that were at most so many seconds before the last one, which is
 * included; of more than S6_DEATHS only the last so many. */
int s6_tally_recent(int at, const char *name, unsigned seconds, unsigned *deaths);

/* Has s6 noted a death since then (UTC)? False also where that cannot be read. */
bool s6_tally_has_since(int at, const char *name, int64_t since_usec);

/* Removes what a broker that was killed in s6_tally_clear() left, of the service and its logger. */
void s6_tally_tidy(int at, const char *name);

#endif
