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
 * A gateway's profile is a directory on the volume. A gateway whose directory is gone is held, rather than
 * started again and again; when the directory is back, the gateway is released; when it is back under another
 * name, the gateway is told to end.
 */
#define HOME_GONE_REASON "its profile's directory is gone from the volume (removed, or renamed)"

/* What a registry knows of its profiles' directories. */
struct homes {
        int64_t volume; /* identifies the volume that the first look found; 0: there was no look yet */
        struct home_away {
                uint64_t name; /* the hash of the profile's name */
                int64_t home; /* 0: its directory has not been seen, and is the one that the next look finds */
        } away[PROFILES_AWAY_MOST]; /* profiles that are still there, but whose gateways a person took away */
        size_t away_count;
};

/* Has the survey looked at the volume of the first look, rather than at what is mounted over or below it?
 * Only then is a directory that was not found gone. */
bool home_trust(struct registry *registry, const struct survey *survey);

/*
 * The watch of profiles/, and a boot that has not finished and tries again, make gateways of new profiles,
 * but not of those whose gateway a person took away: these come back when somebody asks, or with the next
 * broker. home_note() is called before a plan is made of a look, and forgets what that look no longer finds;
 * home_take_away() with the removal, or where there is no slot to remove.
 */
void home_note(struct registry *registry, const struct survey *survey);
void home_take_away(struct registry *registry, const char *profile, int64_t home);
bool home_is_new(const struct registry *registry, const struct profile_facts *facts);

/* Was the profile's gateway taken away, and has nobody asked for it since? */
bool home_stays_away(const struct registry *registry, const struct profile_facts *facts);

/* Judge of each gateway, or of one, whether its profile's directory is there. Where the survey does not know,
 * nothing changes. */
void home_judge(struct registry *registry, const struct survey *survey);
void home_judge_one(struct service *service, const struct profile_facts *facts);

/* Tells a gateway to end whose profile has another name now: two gateways in one directory, with one token,
 * are one too many. Mere absence of the directory ends none: a volume that is not there looks alike. */
void home_end(struct service *old);

#endif
