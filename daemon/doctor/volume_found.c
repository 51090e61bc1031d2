/* SPDX-License-Identifier: ISC */
#include "daemon/doctor/volume_found.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/volume.h"
#include "daemon/judge/intent.h"
#include "daemon/keep/survey.h"
#include "daemon/session/server.h"
#include "proto/name.h"
#include "proto/sysname.h"

#define PROBE "/" VOLUME_PROBE

/* The job, and what the thread found. */
struct volume_look {
        struct deputy_job job;
        struct volume_found *found; /* the loop's; NULL: it has been told */
        const char *home;

        int opened;
        uid_t uid;
        struct room room;
        int written;
        const char *store;
        int logged;
        struct boot_log log;
};

/* Writes a file to the store in earnest, as only that tells of a full volume, a quota, or a file system that
 * is read-only. */
static void look_at_store(struct volume_look *look, int volume)
{
        static const char text[] = "svcctl doctor\n";
        static const char *const places[] = {INTENT_DIRECTORY PROBE, ".svcbroker" PROBE, &PROBE[1]};
        struct volume_file file = {.text = text, .length = sizeof(text) - 1, .mode = 0600};

        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                file.path = places[i];
                volume_replace(volume, &file, 1, false);
                if (file.result != -ENOENT)
                        break;
        }
        look->store = file.path;
        look->written = file.result;
        if (!file.result)
                look->written = volume_remove(volume, file.path);
}

static void look_at_log(struct volume_look *look, int volume)
{
        static const char *const paths[] = {BOOT_LOG ".1", BOOT_LOG};

        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
                char *text = NULL;

                look->logged = volume_read_tail(volume, paths[i], VOLUME_BOOT_LOG_BYTES, &text);
                if (look->logged == 0)
                        boot_log_read(&look->log, text);
                free(text);
        }
        if (look->log.failed)
                look->logged = -ENOMEM;
        else if (look->logged == -ENOENT)
                look->logged = 0; /* no container has started there yet */
}

static void look_work(struct deputy_job *job)
{
        struct volume_look *look = (struct volume_look *)job;
        int volume = volume_open(look->home);
        struct stat found;

        look->opened = volume < 0 ? volume : 0;
        if (volume < 0)
                return;
        if (fstat(volume, &found) < 0)
                look->opened = -errno;
        else
                look->uid = found.st_uid;
        room_read(volume, &look->room); /* all zeros: the room is not known */
        look_at_store(look, volume);
        look_at_log(look, volume);
        close(volume);
}

/* Frees what the thread allocated. */
static void look_clear(struct deputy_job *job)
{
        boot_log_deinit(&((struct volume_look *)job)->log);
}

static void look_drop(struct deputy_job *job)
{
        struct volume_look *look = (struct volume_look *)job;

        free(look->found); /* set only where the broker ends */
        free(look);
}

static void found_destroy(struct volume_found *found)
{
        boot_log_deinit(&found->log);
        free(found->profiles);
        free(found);
}

void volume_found_free(struct volume_found *found)
{
        if (found && found->state == VOLUME_LOOKING)
                found->state = VOLUME_ABANDONED;
        else if (found)
                found_destroy(found);
}

static void found_end(struct volume_found *found, enum volume_state state)
{
        if (found->state == VOLUME_ABANDONED) {
                found_destroy(found);
                return;
        }
        found->state = state;
        found->done(found->owner);
}

/* A profile that has a record and is not there. */
static void found_take_lost(struct volume_found *found, const char *profile)
{
        const struct registry *registry = found->server->registry;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        name_service_of(profile, name, sizeof(name));
        if (!registry_find(registry, name)) /* else it is told of as a gateway without a profile */
                findings_add(&found->lost, profile, NULL);
}

static void found_take_records(struct volume_found *found, const struct survey *survey)
{
        for (size_t i = 0; i < survey->lost_count; i++)
                found_take_lost(found, survey->lost[i]);
        for (size_t i = 0; i < survey->count; i++) {
                const struct profile_facts *facts = &survey->facts[i];

                if (!facts->hung && facts->recorded && !facts->link)
                        found_take_lost(found, facts->name);
                if (facts->hung || !facts->exists || facts->intent_result == -ENOENT ||
                    facts->intent_result == -ENOBUFS)
                        continue;
                if (facts->intent_result == -EPROTONOSUPPORT)
                        findings_add(&found->newer, facts->name, NULL);
                else if (facts->intent_result)
                        findings_add(&found->unreadable, facts->name,
                                     sysname_error_words(-facts->intent_result));
        }
}

/* Takes the profiles that there are, and what else looks like one. */
static void found_take(struct volume_found *found, const struct survey *survey)
{
        found->more = survey->more;
        found->listed = survey->late ? -ETIMEDOUT : survey->result;
        if (found->listed)
                return;
        found_take_records(found, survey);
        found->profiles = calloc(survey->count + survey->invalid_count + 1, sizeof(*found->profiles));
        if (!found->profiles)
                found->listed = -ENOMEM;
        for (size_t i = 1; found->profiles && i < survey->count; i++) { /* behind `default` */
                struct found_profile *profile = &found->profiles[found->count];

                snprintf(profile->name, sizeof(profile->name), "%s", survey->facts[i].name);
                profile->hung = survey->facts[i].hung;
                profile->link = survey->facts[i].link;
                found->count += survey->facts[i].hung || survey->facts[i].exists || survey->facts[i].link;
        }
        found->named = found->count;
        for (size_t i = 0; found->profiles && i < survey->invalid_count; i++)
                if (survey->invalid_souls[i] && strcmp(survey->invalid[i], "default") != 0)
                        snprintf(found->profiles[found->count++].name, sizeof(found->profiles[0].name), "%s",
                                 survey->invalid[i]);
}

static void surveyed(struct survey *survey)
{
        struct volume_found *found = survey->owner;

        if (found->state != VOLUME_ABANDONED)
                found_take(found, survey);
        found_end(found, VOLUME_KNOWN);
}

static bool look_take(struct volume_look *look, struct volume_found *found)
{
        const struct boot_log *log = &look->log;

        found->opened = look->opened;
        found->uid = look->uid;
        found->room = look->room;
        found->written = look->written;
        found->store = look->store;
        found->logged = look->logged;
        /* A copy, since what the thread allocated is the thread's to free. */
        found->log.profiles = calloc(log->count + 1, sizeof(log->profiles[0]));
        if (!found->log.profiles)
                return false;
        found->log.count = log->count;
        if (log->count)
                memcpy(found->log.profiles, log->profiles, log->count * sizeof(log->profiles[0]));
        return true;
}

static void look_done(struct deputy_job *job, bool late)
{
        struct volume_look *look = (struct volume_look *)job;
        struct volume_found *found = look->found;
        struct survey *survey;

        look->found = NULL;
        if (found->state == VOLUME_ABANDONED || late || !look_take(look, found)) {
                found_end(found, VOLUME_LATE);
                return;
        }
        survey = found->opened ? NULL : survey_new(NULL, 0);
        if (!survey) {
                found->listed = -ENOMEM; /* of no matter if the volume could not be opened */
                found_end(found, VOLUME_KNOWN);
                return;
        }
        survey->root = look->job.lane == STORE_LANE_ROOT_LOOKS;
        survey->look_invalid = true;
        survey->done = surveyed;
        survey->owner = found;
        survey_run(&found->server->registry->store, survey);
}

struct volume_found *volume_found_new(struct server *server, bool root, void (*done)(void *owner),
                                      void *owner)
{
        struct deputy *deputy = &server->registry->store.deputy;
        unsigned lane = root ? STORE_LANE_ROOT_LOOKS : STORE_LANE_LOOKS;
        struct volume_found *found = calloc(1, sizeof(*found));
        struct volume_look *look;

        if (!found)
                return NULL;
        *found = (struct volume_found){.server = server, .done = done, .owner = owner};
        /* Behind jobs that hang, this one would wait in vain. */
        if (deputy_is_stuck(deputy, lane)) {
                found->state = VOLUME_LATE;
                return found;
        }
        look = calloc(1, sizeof(*look));
        if (!look) {
                free(found);
                return NULL;
        }
        look->job = (struct deputy_job){.work = look_work,
                                        .done = look_done,
                                        .clear = look_clear,
                                        .drop = look_drop,
                                        .timeout_msec = DIAGNOSE_VOLUME_MSEC,
                                        .lane = lane};
        look->found = found;
        look->home = server->hermes_home;
        boot_log_init(&look->log);
        deputy_run(deputy, &look->job);
        return found;
}
