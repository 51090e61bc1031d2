/* SPDX-License-Identifier: ISC */
#ifndef SESSION_COUNTS_H
#define SESSION_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/bounds.h"

/*
 * What sessions have done since the broker began, for metrics. Counts grow where things happen, in a few
 * instructions each, and are read when somebody asks. Each method and each cause of a refusal has a place,
 * and nothing that a peer sends makes another.
 */

/* The bounds that calls are told apart by, from the least on. */
#define COUNTS_BOUNDS 10
struct counts_bound {
        int64_t nsec;
        const char *seconds; /* the same, as OpenMetrics writes a number */
};

extern const struct counts_bound counts_bounds[COUNTS_BOUNDS];

struct call_count {
        uint64_t begun;
        /* Of the calls that ended, by how long they took: within each bound and not within the one before it,
         * and at last those that took longer than all bounds. */
        uint64_t within[COUNTS_BOUNDS + 1];
        /* Calls that were answered to the end, with a reply or an error. A Watch ends with its connection,
         * and so never counts here. */
        uint64_t ended;
        int64_t nsec; /* all ended calls together, each from when it was taken to its last reply */
        int64_t longest_nsec;
};

struct refusal_count {
        const char *error; /* fully qualified name; NULL: the place is free */
        const char *limit; /* of LimitExceeded: which limit; else NULL */
        uint64_t count;
};

struct counts {
        struct call_count methods[COUNTS_METHODS_MOST]; /* by the methods' numbers: dispatch.c */
        struct refusal_count refusals[COUNTS_CAUSES_MOST];
};

/* Counts a call of the method with that number as begun. *counted is set to what counts_end() is to be given,
 * or left alone if that method has no place. */
void counts_begin(struct counts *counts, size_t number, size_t *counted);

/* Counts a call as ended. counted: from counts_begin(); 0 counts nothing. nsec: since the call was taken. */
void counts_end(struct counts *counts, size_t counted, int64_t nsec);

/* Counts a refusal. error and limit are static strings, or live as long; limit is NULL where the error is not
 * LimitExceeded. */
void counts_refusal(struct counts *counts, const char *error, const char *limit);

#endif
