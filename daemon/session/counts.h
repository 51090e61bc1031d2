/* SPDX-License-Identifier: ISC */
#ifndef SESSION_COUNTS_H
#define SESSION_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/bounds.h"

/*
 * What sessions have done since the broker began, for metrics: added to where it happens, a few instructions each, and read
 * when somebody asks. There is a place for each method and each cause, and no more than that: nothing a peer sends makes
 * one.
 */
struct call_count {
        uint64_t begun;
        uint64_t
                ended; /* answered, with whatever; a Watch ends with its connection, and counts as begun only */
        int64_t nsec; /* of those that ended, from when the call was taken to its last reply */
        int64_t longest_nsec;
};

struct refusal_count {
        const char *error; /* of the interface, fully qualified; NULL: the place is free */
        const char *limit; /* which one, of LimitExceeded; else NULL */
        uint64_t count;
};

struct counts {
        struct call_count methods[COUNTS_METHODS_MOST]; /* by their numbers: dispatch.c */
        struct refusal_count refusals[COUNTS_CAUSES_MOST];
};

/* A call of the method with that number begins. *counted: what counts_end() is to be told. */
void counts_begin(struct counts *counts, size_t number, size_t *counted);

/* nsec: since it was taken. counted 0: it is none that began. */
void counts_end(struct counts *counts, size_t counted, int64_t nsec);

/* Both are static strings, or live as long. limit: NULL where it is no LimitExceeded. */
void counts_refusal(struct counts *counts, const char *error, const char *limit);

#endif
