/* SPDX-License-Identifier: ISC */
#ifndef KEEP_LOOK_H
#define KEEP_LOOK_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/loop/deputy.h"
#include "daemon/judge/intent.h"
#include "daemon/judge/multiplex_config.h"

/*
 * One profile's directory on the volume, looked at as a job of the store's deputy: what was found, as bytes.
 * What they mean is found out in the loop (survey.c).
 */
enum look_kind {
        LOOK_PROFILE,
        LOOK_BRIEF, /* only whether it is a place for a profile; of `default`, only what its config says */
        LOOK_SOUL,  /* only whether it holds SOUL.md */
        LOOK_GONE,  /* only whether it is there */
};

struct look {
        struct deputy_job job;
        void *owner; /* the loop's: the survey; NULL: it has been told */
        const char *home;
        enum look_kind kind;
        size_t place;
        bool clean;
        bool with_intent;
        int64_t before_usec;   /* UTC: what is older is not this broker's */
        atomic_bool cancelled; /* the look is late: nothing is removed from now on */
        char name[NAME_MAX + 1];

        /* What was found; the thread's until the job is done. */
        int opened;
        /* A negative errno: something was not seen for want of descriptors or memory, and nothing of the rest
         * counts. */
        int shortage;
        bool exists;
        bool recorded; /* it does not exist, and there is a record of it */
        int link; /* as of volume_enter(), where its directory is a link that is not taken; 0: it is none */
        bool deleted;  /* its tombstone is there: profiles/.deleted/NAME */
        int64_t which; /* directory it is, made of its file system and inode; 0: there is none */
        enum prior_exit prior_exit;
        enum multiplex_config config; /* of `default`, whose directory is the volume */
        bool locked;
        bool gone;
        bool marked;
        int intent_result;
        char *intent;
        int prior_result;
        char *prior;
};

/* Is it of one of the profiles that were asked for? */
static inline bool look_is_of_facts(const struct look *look)
{
        return look->kind == LOOK_PROFILE || look->kind == LOOK_BRIEF;
}

/* These two are `work` and `clear` of its job. */
void look_work(struct deputy_job *job);
void look_clear(struct deputy_job *job);

#endif
