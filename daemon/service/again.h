/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_AGAIN_H
#define SERVICE_AGAIN_H

#include <stdint.h>

/*
 * Tries that failed with the files of a service for a reason that may pass: too few descriptors, no memory,
 * no space, an error of the disk. They are repeated after a pause that doubles, until they succeed; meanwhile
 * what was known holds.
 */
enum again {
        AGAIN_LOOK = 1,       /* read its status and its logger's, and whether they are supervised */
        AGAIN_SAVE = 2,       /* write its record */
        AGAIN_DOWN = 4,       /* make its down file as its record says */
        AGAIN_TALLY = 8,      /* forget the deaths that s6 noted */
        AGAIN_LOG_TALLY = 16, /* the logger's */
        AGAIN_LOG_DOWN = 32   /* remove its logger's down file */
};

struct retries {
        unsigned what; /* of enum again; 0: nothing is to be tried again */
        int error;     /* errno of the last try that failed */
        int64_t pause_msec;
        int64_t at_msec; /* by clock_msec(): when the next try is due */
};

/* Notes what a try came to. result: 0, or a negative errno. name: the service's, for the log. */
void again_note(struct retries *again, enum again what, int result, const char *name);

/* Returns what is to be tried now, of enum again; 0: nothing is due. The caller then tries all of it. */
unsigned again_take(struct retries *again);

/* In how many milliseconds the next try is due; INT64_MAX: none is. */
int64_t again_wait_msec(const struct retries *again);

#endif
