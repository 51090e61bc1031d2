/* SPDX-License-Identifier: ISC */
#ifndef KEEP_SURVEY_H
#define KEEP_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/judge/intent.h"
#include "daemon/judge/multiplex_config.h"
#include "daemon/keep/store.h"

/*
 * What the volume knows of its profiles, looked up by the store's deputy, each profile as a job of its own: a
 * directory that hangs costs only that profile. A directory below profiles/ is a profile if it holds SOUL.md;
 * `default` always is one. Each profile's broken files are that profile's own trouble.
 */
struct profile_facts {
        char name[LIMIT_PROFILE_NAME_BYTES + 1];
        bool hung;     /* its directory did not answer: nothing of the rest is known */
        bool exists;   /* it is there, as a profile */
        bool recorded; /* it does not exist, and there is a record of it */
        int link; /* -EXDEV, -ENOLINK, -ELOOP: its directory is a link that is not taken; 0: it is none */
        /* 0: intent is set; -ENOENT: there is none; -ENOBUFS: it was not read, since others' had
         * LIMIT_SURVEY_BYTES; else it cannot be read */
        int intent_result;
        struct intent intent;
        struct prior prior;             /* the application's own state file */
        bool locked;                    /* some process runs that gateway */
        bool deleted;                   /* it has a tombstone, and is no profile whatever is there */
        enum prior_exit prior_exit : 8; /* how its last gateway ended */
        int64_t home;                   /* which directory it is, as look.which; 0: there is none */
};

#define SURVEY_DELETED "the application has deleted that profile (profiles/.deleted has its name)"

struct survey {
        struct ready ready; /* its step calls `done` */
        struct store *store;
        int64_t until_msec; /* by clock_msec(): what is not looked at by then is taken for hung */
        size_t at;          /* what is looked at next: facts, then `invalid`, then `kept` */
        size_t bytes;       /* of the variables that were read so far */

        uint64_t forgotten; /* the owner's: how many profiles were unregistered before it began */
        bool root;          /* root waits for it, or the broker itself */
        bool all;           /* every profile there is; else those that `facts` name */
        bool clean; /* remove what a gateway of the last container left, of profiles that are not `kept` */
        bool brief; /* only whether they are places for profiles; of `default`, only its config */
        bool look_invalid; /* find out which of `invalid` hold SOUL.md */
        bool look_kept;    /* find out which of `kept` are gone */
        char **kept;       /* profiles, sorted; NULL: none. Freed with the survey. */
        size_t kept_count;
        bool *kept_gone; /* as many, freed with the survey: nothing of any kind is there as profiles/NAME */

        /* Set when the survey is done. If all profiles are looked at, they are sorted by name, `default`
         * first. */
        bool late;      /* the volume did not answer: nothing of the rest is set */
        int result;     /* 0, or a negative errno: the volume could not be looked at */
        bool is_marked; /* the broker has been here before: .svcbroker is there */
        bool more; /* there are more than SURVEY_PROFILES directories: those behind them are not looked at */
        size_t hung;                  /* of facts */
        int64_t volume;               /* which directory the volume is; 0: `default` was not looked at */
        enum multiplex_config config; /* of the volume, where `default` was looked at; else UNREADABLE */
        struct profile_facts *facts;
        size_t count;
        char **lost; /* profiles with a record and not even a directory: the first ones by name */
        size_t lost_count;
        char **invalid;      /* directories whose name cannot be a profile's; and "default" */
        bool *invalid_souls; /* as many: the directory holds SOUL.md */
        size_t invalid_count;

        void (*done)(struct survey *survey); /* once, on a later turn of the loop; then it is freed */
        void *owner;
};

/* names: the profiles to look up; NULL: all. Returns NULL if out of memory. */
struct survey *survey_new(const char *const *names, size_t count);
void survey_free(struct survey *survey);

/* What a survey of all profiles found of one; NULL: it is none of those that were looked at, or it is
 * `default`. */
const struct profile_facts *survey_find(const struct survey *survey, const char *profile);

/* Is the directory of a profile that is `kept` gone for certain? */
bool survey_is_gone(const struct survey *survey, const char *profile);

/* For people: why that link is not taken. A static string. */
const char *survey_link_text(int link);

/* Takes the survey. */
void survey_run(struct store *store, struct survey *survey);

#endif
