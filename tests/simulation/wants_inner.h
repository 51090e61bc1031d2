/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_WANTS_INNER_H
#define SIMULATION_WANTS_INNER_H

#include "wants.h"

/* The inside of wants.h: what is remembered of each profile, and what may be wanted by it (wants_may.c). */

/* So much is remembered of one profile; what is more makes that it may be anything. */
#define CHANGES 640
#define PROFILES_MOST 32

enum change_end {
        CHANGE_OPEN,      /* its answer was not read yet */
        CHANGE_DONE,      /* acknowledged, and on the volume */
        CHANGE_ACCEPTED,  /* acknowledged */
        CHANGE_UNCERTAIN, /* it may have been done */
};

struct change {
        unsigned number;
        enum change_end end;
        uint64_t connection, place; /* in it: calls of one connection are done in order */
        uint64_t began, ended;      /* by wants.clock; ended 0: not yet */
        uint64_t taken;             /* up by the broker; 0: that is not known */
        bool orders;                /* it is a Start, Stop or Restart */
        unsigned want;              /* bits */
        int environment;
        uint64_t runs;         /* Restart: what ran when it was sent (s6_gateway_start()) */
        bool start, replaces;  /* Register: variables were given */
        bool environment_kept; /* or it may be as before */
};

struct profile_wants {
        char name[CLIENT_NAME_BYTES]; /* of its service */
        uint64_t ends;                /* that one was to end, by the last of all that was ordered */
        unsigned count;
        struct change changes[CHANGES];
};

struct wants {
        uint64_t clock;
        unsigned number;
        int environment;
        unsigned reconciles; /* that were sent in this life */
        unsigned profiles;
        struct profile_wants at[PROFILES_MOST];
};

extern struct wants *wants;

/* wants.c: before the first life; what the broker makes of a profile that has no record. */
void wants_init(void);
void wants_add_found(struct profile_wants *profile);

/* Does `later` come after that one, whenever each was done? */
bool change_is_after(const struct change *later, const struct change *change);

/* What may be wanted: by what is on the volume for certain, and what came since; or by all that was acknowledged. */
unsigned wants_by(const struct profile_wants *profile, bool persisted);
bool wants_environment_may_be(const struct profile_wants *profile, int environment, bool persisted);

/* What can be nothing any more goes; where there is no room all the same, anything may be. */
void wants_forget_what_is_over(struct profile_wants *profile, uint64_t clock);

/* That is all there is of it. */
void wants_set(struct profile_wants *profile, enum change_end end, unsigned want, int environment,
               uint64_t clock);

#endif
