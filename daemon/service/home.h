/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_HOME_H
#define SERVICE_HOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/bounds.h"

struct profile_facts;
struct registry;
struct service;
struct survey;

/*
 * A gateway's profile is a directory on the volume. One whose directory is gone is held, rather than started again and
 * again; one that has it again is released; one that has it under another name is told to end.
 */
#define HOME_GONE_REASON "its profile's directory is gone from the volume (removed, or renamed)"

/* Of a registry. */
struct homes {
        int64_t volume; /* which directory the profiles are on, of the first look; 0: none yet */
        struct home_away {
                uint64_t name; /* its hash */
                int64_t home; /* 0: its directory has not been seen, and is the one that the next look finds */
        } away[PROFILES_AWAY_MOST]; /* profiles whose gateways a person took away, and that are there still */
        size_t away_count;
};

/* Is it the volume that was there before, and not what is mounted over it, or below it? Only then what is not there
 * is gone. */
bool home_trust(struct registry *registry, const struct survey *survey);

/*
 * The watch of profiles/, and a boot that is not through and tries again, make a gateway of what is new, and not again what a
 * person took away: that comes back when somebody asks, or with the next broker. home_note() comes before the plan of a look,
 * home_take_away() with the removal, or where there is no slot to remove. What a look no longer finds is forgotten.
 */
void home_note(struct registry *registry, const struct survey *survey);
void home_take_away(struct registry *registry, const char *profile, int64_t home);
bool home_is_new(const struct registry *registry, const struct profile_facts *facts);

/* It was taken away, and nobody has asked for it since. */
bool home_stays_away(const struct registry *registry, const struct profile_facts *facts);

/* Of each gateway: is its profile's directory still there? Where the survey does not know, nothing changes. */
void home_judge(struct registry *registry, const struct survey *survey);
void home_judge_one(struct service *service, const struct profile_facts *facts);

/* A gateway whose profile has another name now is told to end: two of one directory, and under one token, are one too many.
 * Mere absence ends none: a volume that is not there looks alike. */
void home_end(struct service *old);

#endif
