#ifndef MODEL_SURVEY_H
#define MODEL_SURVEY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/model/intent.h"
#include "daemon/model/store.h"

/*
 * What the volume knows of its profiles, looked up by the store's deputy. A directory below profiles/ is a
 * profile if it holds SOUL.md; `default` always is one. Each profile's broken files are that profile's own
 * trouble.
 */
#define SURVEY_MSEC 4000
/* Directories below profiles/ that are looked at; s6-svscan takes far fewer. */
#define SURVEY_PROFILES 10000

struct profile_facts {
        char name[LIMIT_PROFILE_NAME_BYTES + 1];
        bool exists; /* as a profile */
        /* 0: intent is set; -ENOENT: there is none; -ENOBUFS: LIMIT_SURVEY_BYTES were read of
         * others; else it cannot be read */
        int intent_result;
        struct intent intent;
        struct prior prior; /* the application's own state file */
        bool locked;        /* some process runs that gateway */
};

struct survey {
        struct deputy_job job;
        struct store *store;
        atomic_bool cancelled; /* it is late: nothing is removed any more */
        bool all;              /* every profile there is; else those that `facts` name */
        bool clean;  /* remove what a gateway of the last container left, of profiles that are not `kept` */
        char **kept; /* sorted; NULL: none. Freed with the survey. */
        size_t kept_count;
        bool *kept_gone; /* as many, freed with it. Set: profiles/NAME is not there, as whatever it might be
                          */

        bool told;    /* `done` has been called */
        size_t bytes; /* the deputy's: of what it read so far */

        /* Set when it is done; of profiles sorted by name, `default` first. */
        bool late;      /* then nothing of the rest is */
        int result;     /* 0, or a negative errno: the volume could not be looked at */
        bool is_marked; /* the broker has been here before: .svcbroker is there */
        struct profile_facts *facts;
        size_t count;
        char **invalid; /* directories whose name cannot be a profile's; and "default" */
        size_t invalid_count;

        void (*done)(
                struct survey *survey); /* once, perhaps before survey_run() returns; it is freed after */
        void *owner;
};

/* NULL: out of memory. names: whom to look up, NULL for all. */
struct survey *survey_new(const char *const *names, size_t count);
void survey_free(struct survey *survey);

/* Of one that is `kept`: is its directory gone for certain? */
bool survey_is_gone(const struct survey *survey, const char *profile);

void survey_run(struct store *store, struct survey *survey);

#endif
