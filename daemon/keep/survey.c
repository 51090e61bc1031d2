/* SPDX-License-Identifier: ISC */
#include "daemon/keep/survey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log/log.h"
#include "daemon/edge/slot_environment.h"
#include "daemon/edge/volume.h"
#include "daemon/keep/look.h"
#include "proto/name.h"
#include "proto/sorted.h"
#include "proto/sysname.h"

struct survey *survey_new(const char *const *names, size_t count)
{
        struct survey *survey = calloc(1, sizeof(*survey));

        if (!survey)
                return NULL;
        survey->all = !names;
        survey->config = MULTIPLEX_CONFIG_UNREADABLE;
        if (!names)
                return survey;
        survey->facts = calloc(count + 1, sizeof(*survey->facts));
        if (!survey->facts) {
                free(survey);
                return NULL;
        }
        survey->count = count;
        for (size_t i = 0; i < count; i++)
                snprintf(survey->facts[i].name, sizeof(survey->facts[i].name), "%s", names[i]);
        return survey;
}

void survey_free(struct survey *survey)
{
        for (size_t i = 0; i < survey->count; i++)
                intent_deinit(&survey->facts[i].intent);
        free(survey->facts);
        for (size_t i = 0; i < survey->invalid_count; i++)
                free(survey->invalid[i]);
        free(survey->invalid);
        free(survey->invalid_souls);
        for (size_t i = 0; i < survey->kept_count; i++)
                free(survey->kept[i]);
        free(survey->kept);
        free(survey->kept_gone);
        if (survey->lost)
                volume_names_free(survey->lost, survey->lost_count);
        free(survey);
}

static char **survey_keeps(const struct survey *survey, const char *name)
{
        if (!survey->kept_count)
                return NULL;
        return bsearch(&name, survey->kept, survey->kept_count, sizeof(*survey->kept),
                       sorted_compare_strings);
}

bool survey_is_gone(const struct survey *survey, const char *profile)
{
        char **kept = survey_keeps(survey, profile);

        return kept && survey->kept_gone[kept - survey->kept];
}

/* Goes on with the survey when a job is done. All that is the survey's own is the loop's. */
static void survey_next(struct survey *survey);

static void survey_drop(struct ready *ready)
{
        struct survey *survey = (struct survey *)ready;

        survey->done(survey);
        survey_free(survey);
}

static bool survey_step(struct ready *ready)
{
        survey_drop(ready);
        return false;
}

static void survey_end(struct survey *survey)
{
        ready_init(&survey->ready, survey->store->ready, survey_step);
        survey->ready.root = survey->root;
        survey->ready.drop = survey_drop;
        ready_wake(&survey->ready);
}

/* The broker ends before a job of the survey was done. NULL: that job was done. */
static void survey_break_off(struct survey *survey)
{
        if (!survey)
                return;
        survey->late = true;
        survey_end(survey);
}

static unsigned survey_lane(const struct survey *survey)
{
        return survey->root ? STORE_LANE_ROOT_LOOKS : STORE_LANE_LOOKS;
}

/* What the files say is found out in the loop: json-c takes the C library's lock of the locale. */
static void look_tell_profile(const struct look *look, struct survey *survey, struct profile_facts *facts)
{
        facts->exists = look->exists;
        facts->recorded = look->recorded;
        facts->link = look->link;
        facts->locked = look->locked;
        facts->deleted = look->deleted;
        facts->home = look->which;
        facts->prior_exit = look->prior_exit;
        if (strcmp(facts->name, "default") == 0) {
                survey->volume = look->which;
                survey->config = look->config;
        }
        facts->intent_result = look->intent_result;
        if (!look->exists)
                return;
        if (facts->intent_result == 0)
                facts->intent_result = intent_read(look->intent, &facts->intent);
        survey->bytes += environment_weight(facts->intent.environment);
        prior_read(look->prior_result == 0         ? look->prior
                   : look->prior_result == -ENOENT ? NULL
                                                   : "",
                   &facts->prior);
}

static void survey_is_hung(struct survey *survey, size_t place)
{
        survey->facts[place].hung = true;
        survey->hung++;
        /* The first of all profiles is `default`, whose directory is the volume itself. */
        survey->late = survey->all && place == 0;
}

static void look_done(struct deputy_job *job, bool late)
{
        struct look *look = (struct look *)job;
        struct survey *survey = look->owner;

        look->owner = NULL;
        atomic_store(&look->cancelled, late);
        if (late) {
                log_event("survey: a profile's directory does not answer: service=" GATEWAY_PREFIX "%s",
                          look->name);
                if (look_is_of_facts(look))
                        survey_is_hung(survey, look->place);
        } else if (look->opened) {
                survey->result = look->opened;
        } else if (look->shortage && look_is_of_facts(look)) {
                log_event("survey: a profile's directory cannot be looked at: why=%s service=" GATEWAY_PREFIX
                          "%s",
                          sysname_error(-look->shortage), look->name);
                survey_is_hung(survey, look->place); /* it is looked at again, like one that did not answer */
        } else {
                survey->is_marked = look->marked;
                if (look_is_of_facts(look))
                        look_tell_profile(look, survey, &survey->facts[look->place]);
                else if (look->kind == LOOK_SOUL)
                        survey->invalid_souls[look->place] = look->exists;
                else
                        survey->kept_gone[look->place] = look->gone;
        }
        survey_next(survey);
}

static void look_drop(struct deputy_job *job)
{
        struct look *look = (struct look *)job;
        struct survey *survey = look->owner;

        free(look);
        survey_break_off(survey);
}

/* False: that directory is not looked at. */
static bool look_run(struct survey *survey, enum look_kind kind, const char *name, size_t place)
{
        struct deputy *deputy = &survey->store->deputy;
        struct look *look;

        if (deputy_is_stuck(deputy, survey_lane(survey)) || deputy_hangs_on(deputy, name) ||
            clock_msec() >= survey->until_msec)
                return false;
        look = calloc(1, sizeof(*look));
        if (!look)
                return false;
        look->job = (struct deputy_job){.work = look_work,
                                        .done = look_done,
                                        .clear = look_clear,
                                        .drop = look_drop,
                                        .subject = look->name,
                                        .timeout_msec = SURVEY_PROFILE_MSEC,
                                        .lane = survey_lane(survey)};
        look->owner = survey;
        look->home = survey->store->home;
        look->kind = kind;
        look->before_usec = survey->store->opened_usec;
        look->place = place;
        look->clean = survey->clean && !survey_keeps(survey, name);
        /* The client makes as many profiles as it likes, each with as many variables as one may have. */
        look->with_intent = survey->bytes < LIMIT_SURVEY_BYTES;
        snprintf(look->name, sizeof(look->name), "%s", name);
        deputy_run(deputy, &look->job);
        return true;
}

static int compare_facts(const void *key, const void *element)
{
        const struct profile_facts *facts = element;

        return strcmp(key, facts->name);
}

const struct profile_facts *survey_find(const struct survey *survey, const char *profile)
{
        const struct profile_facts *listed =
                survey->facts + survey->all; /* `default` is first, out of order */

        if (survey->count <= survey->all)
                return NULL;
        return bsearch(profile, listed, survey->count - survey->all, sizeof(*listed), compare_facts);
}

/* A kept profile that is listed is not gone. */
static bool survey_lists(const struct survey *survey, const char *name)
{
        return survey_find(survey, name) || strcmp(name, "default") == 0;
}

/* False: there is nothing at that place to be waited for. */
static bool survey_look_at(struct survey *survey, size_t at)
{
        if (at < survey->count) {
                if (look_run(survey, survey->brief ? LOOK_BRIEF : LOOK_PROFILE, survey->facts[at].name, at))
                        return true;
                survey_is_hung(survey, at);
                return false;
        }
        at -= survey->count;
        if (at < survey->invalid_count)
                return survey->look_invalid && look_run(survey, LOOK_SOUL, survey->invalid[at], at);
        at -= survey->invalid_count;
        return survey->look_kept && !survey_lists(survey, survey->kept[at]) &&
               look_run(survey, LOOK_GONE, survey->kept[at], at);
}

static void survey_next(struct survey *survey)
{
        while (!survey->result && !survey->late &&
               survey->at < survey->count + survey->invalid_count + survey->kept_count)
                if (survey_look_at(survey, survey->at++))
                        return;
        survey_end(survey);
}

/* The job that lists the directories below profiles/. */
struct listing {
        struct deputy_job job;
        struct survey *survey; /* the loop's; NULL: it has been told */
        const char *home;
        int result;
        char **names;
        size_t count;
        char **lost;
        size_t lost_count;
};

/* Finds records for which profiles/ has no entry; of many, the first ones. Both lists come sorted. */
static void listing_find_lost(struct listing *listing, int volume)
{
        char **records = NULL;
        size_t count = 0;

        if (listing->count > SURVEY_PROFILES ||
            volume_list(volume, INTENT_DIRECTORY, VOLUME_REGULAR, SURVEY_PROFILES, &records, &count))
                return;
        listing->lost = calloc(SURVEY_LOST, sizeof(*listing->lost));
        for (size_t i = 0, at = 0; listing->lost && i < count && listing->lost_count < SURVEY_LOST; i++) {
                while (at < listing->count && strcmp(listing->names[at], records[i]) < 0)
                        at++;
                if ((at < listing->count && strcmp(listing->names[at], records[i]) == 0) ||
                    strcmp(records[i], "default") == 0 || name_check_profile(records[i]) != NAME_OK)
                        continue;
                listing->lost[listing->lost_count++] = records[i];
                records[i] = NULL;
        }
        volume_names_free(records, count);
}

static void listing_work(struct deputy_job *job)
{
        struct listing *listing = (struct listing *)job;
        int volume = volume_open(listing->home);

        listing->result = volume < 0 ? volume
                                     : volume_list(volume, "profiles", VOLUME_DIRECTORIES | VOLUME_LINKS,
                                                   SURVEY_PROFILES + 1, &listing->names, &listing->count);
        if (listing->result == 0)
                listing_find_lost(listing, volume);
        if (volume >= 0)
                close(volume);
        job->is_clear = !listing->names && !listing->lost;
}

static void listing_clear(struct deputy_job *job)
{
        struct listing *listing = (struct listing *)job;

        if (listing->names)
                volume_names_free(listing->names, listing->count);
        if (listing->lost)
                volume_names_free(listing->lost, listing->lost_count);
        listing->names = listing->lost = NULL;
}

/* Copies: what the thread allocated is the thread's to free. */
static void survey_take_lost(struct survey *survey, char *const *lost, size_t count)
{
        survey->lost = calloc(count + 1, sizeof(*survey->lost));
        for (size_t i = 0; survey->lost && i < count; i++) {
                survey->lost[survey->lost_count] = strdup(lost[i]);
                survey->lost_count += survey->lost[survey->lost_count] != NULL;
        }
}

static int survey_take_list(struct survey *survey, char *const *names, size_t count)
{
        if (count > SURVEY_PROFILES) {
                survey->more = true;
                count = SURVEY_PROFILES;
        }
        survey->facts = calloc(count + 1, sizeof(*survey->facts));
        survey->invalid = calloc(count + 1, sizeof(*survey->invalid));
        survey->invalid_souls = calloc(count + 1, sizeof(*survey->invalid_souls));
        if (!survey->facts || !survey->invalid || !survey->invalid_souls)
                return -ENOMEM;
        snprintf(survey->facts[survey->count++].name, sizeof(survey->facts[0].name), "default");
        for (size_t i = 0; i < count; i++) {
                if (name_check_profile(names[i]) == NAME_OK && strcmp(names[i], "default") != 0) {
                        snprintf(survey->facts[survey->count++].name, sizeof(survey->facts[0].name), "%s",
                                 names[i]);
                        continue;
                }
                survey->invalid[survey->invalid_count] = strdup(names[i]);
                if (!survey->invalid[survey->invalid_count])
                        return -ENOMEM;
                survey->invalid_count++;
        }
        return 0;
}

static void listing_done(struct deputy_job *job, bool late)
{
        struct listing *listing = (struct listing *)job;
        struct survey *survey = listing->survey;

        listing->survey = NULL;
        survey->late = late;
        if (!late)
                survey->result = listing->result ?: survey_take_list(survey, listing->names, listing->count);
        if (!late && !survey->result)
                survey_take_lost(survey, listing->lost, listing->lost_count);
        survey_next(survey);
}

static void listing_drop(struct deputy_job *job)
{
        struct listing *listing = (struct listing *)job;
        struct survey *survey = listing->survey;

        free(listing);
        survey_break_off(survey);
}

static void survey_list(struct survey *survey)
{
        struct deputy *deputy = &survey->store->deputy;
        bool stuck = deputy_is_stuck(deputy, survey_lane(survey));
        struct listing *listing = stuck ? NULL : calloc(1, sizeof(*listing));

        if (!listing) {
                survey->late = stuck;
                survey->result = stuck ? 0 : -ENOMEM;
                survey_end(survey);
                return;
        }
        listing->job = (struct deputy_job){.work = listing_work,
                                           .done = listing_done,
                                           .clear = listing_clear,
                                           .drop = listing_drop,
                                           .timeout_msec = SURVEY_MSEC,
                                           .lane = survey_lane(survey)};
        listing->survey = survey;
        listing->home = survey->store->home;
        deputy_run(deputy, &listing->job);
}

const char *survey_link_text(int link)
{
        switch (-link) {
        case EXDEV:
                return "its directory is a link that leads outside the volume";
        case ENOLINK:
                return "its directory is a link that leads nowhere";
        default:
                return "its directory is a link that cannot be followed";
        }
}

void survey_run(struct store *store, struct survey *survey)
{
        survey->store = store;
        survey->until_msec = clock_msec() + (survey->all ? SURVEY_ALL_MSEC : SURVEY_MSEC);
        if (survey->all)
                survey_list(survey);
        else
                survey_next(survey);
}
