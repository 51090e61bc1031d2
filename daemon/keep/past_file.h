/* SPDX-License-Identifier: ISC */
#ifndef KEEP_PAST_FILE_H
#define KEEP_PAST_FILE_H

#include <stdbool.h>

#include "daemon/keep/store.h"

/*
 * What happened to gateways, on the volume: .svcbroker/history/<profile> and, older, <profile>.1; lines as in
 * the slot. It is written and read in a lane of its own, behind all others, of which one job may hang;
 * nothing waits for it, and nothing of it is synced. The client user can have written anything there.
 */
#define PAST_DIRECTORY ".svcbroker/history"

struct past_part {
        char profile[LIMIT_PROFILE_NAME_BYTES + 1];
        struct text lines; /* to be appended; a look has none */
        char *found;       /* by a look: the last lines that there are; NULL: none. The thread's */
        int result;        /* 0 or a negative errno */
};

/* Some gateways at once: either all are looked at, or lines of all are appended. */
struct past_job {
        struct deputy_job job;
        const char *home;
        bool looks;
        /* Called once, on a later turn of the loop, with the parts still there. late: the volume did not
         * answer. */
        void (*done)(struct past_job *job, bool late);
        void *owner;
        size_t count;
        struct past_part parts[PAST_PARTS];
};

/* NULL: out of memory. */
struct past_job *past_job_new(bool looks);
/* For a job that was not run. */
void past_job_free(struct past_job *job);

/* Takes the job. */
void past_job_run(struct store *store, struct past_job *job);

/* Does a job hang? */
bool past_file_is_stuck(const struct store *store);

/* For the volume's threads: removes both files of that profile. */
void past_file_remove(int volume, const char *profile);

#endif
