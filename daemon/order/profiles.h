#ifndef ORDER_PROFILES_H
#define ORDER_PROFILES_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "daemon/bounds.h"
#include "daemon/loop/timer.h"

struct plan;
struct profile_facts;
struct registry;
struct service;
struct survey;

/*
 * profiles/ on the volume, watched: a new profile has its gateway without being asked for, and one whose directory is gone is held
 * rather than started again and again. inotify tells of entries that come and go, in that one directory (in the volume itself,
 * as long as it is not there). The watch is put there by the volume's thread, with the client's rights. However much the client
 * does there, it is looked at after a pause, which doubles while nothing has changed, and until then nobody is woken. On a
 * file system where others can change things unseen (NFS and its like), and without inotify, it is looked at each minute.
 */
struct profiles {
        struct timer timer;
        uv_poll_t poll;
        int fd;          /* inotify; -1: there is none */
        int directory;   /* its watch descriptor, the thread's while `arming`; -1: there is none */
        bool polled;     /* the poll is there, and is to be closed */
        bool open;       /* the boot is over */
        bool arming;     /* the thread is at it */
        bool looking;    /* a reconcile for it has been asked for */
        bool again;      /* something has changed meanwhile */
        bool remote;     /* the file system tells of some changes only */
        int64_t volume;  /* which directory it is on, of the first look; 0: none yet */
        unsigned tries;  /* more looks after the last change: SOUL.md may come later than its directory */
        int64_t pause_msec;
        int64_t changed_msec; /* by clock_msec() */
        uint64_t away[PROFILES_AWAY_MOST]; /* profiles whose gateways a person took away, and that are there still */
        size_t away_count;
};

#define PROFILES_GONE_REASON "its profile's directory is gone from the volume (removed, or renamed)"

void profiles_init(struct registry *registry);
void profiles_close(struct registry *registry);

/* The boot is over: from now on changes are looked at. */
void profiles_open(struct registry *registry);

/* Something may have changed. */
void profiles_look_soon(struct registry *registry);

/* A look that was asked for is over; changed: a gateway came of it. */
void profiles_looked(struct registry *registry, bool changed);

/* Is it the volume that was there before, and not what is mounted over it, or below it? Only then what is not there is gone. */
bool profiles_trust(struct registry *registry, const struct survey *survey);

/*
 * The watch makes a gateway of what is new, and not again what a person took away: that comes back when somebody asks,
 * or with the next container. profiles_note() comes before the plan of a look, profiles_take_away() with the removal. What a
 * look no longer finds is forgotten.
 */
void profiles_note(struct registry *registry, const struct survey *survey);
void profiles_take_away(const struct service *service);
bool profiles_is_new(const struct registry *registry, const struct profile_facts *facts);

/* Of each gateway: is its profile's directory still there? Where the survey does not know, nothing changes. */
void profiles_judge(struct registry *registry, const struct survey *survey);
void profiles_judge_one(struct service *service, const struct profile_facts *facts);

/* A gateway whose profile has another name now is told to end: two of one directory, and under one token, are one too many. Mere
 * absence ends none: a volume that is not there looks alike. */
void profiles_end(struct service *old);

#endif
