/* SPDX-License-Identifier: ISC */
#include "daemon/keep/past_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/edge/volume.h"

#define PATH_BYTES (LIMIT_PROFILE_NAME_BYTES + 64)

static void path_of(const char *profile, const char *ending, char path[PATH_BYTES])
{
        snprintf(path, PATH_BYTES, PAST_DIRECTORY "/%s%s", profile, ending);
}

/* Reads the last lines, also of the older file if the newer has few; if that is not there, neither is the
 * other, but for an instant in which the broker was killed. */
static void look(int volume, struct past_part *part)
{
        char path[PATH_BYTES], *newer = NULL, *older = NULL;
        size_t length;

        path_of(part->profile, "", path);
        part->result = volume_read_tail(volume, path, PAST_LOOK_BYTES, &newer);
        length = newer ? strlen(newer) : 0;
        path_of(part->profile, ".1", path);
        if (part->result != -ENOENT && length < PAST_LOOK_BYTES)
                volume_read_tail(volume, path, PAST_LOOK_BYTES - length, &older);
        if (newer || older)
                part->found = malloc(length + (older ? strlen(older) : 0) + 1);
        if (part->found)
                stpcpy(stpcpy(part->found, older ? older : ""), newer ? newer : "");
        free(newer);
        free(older);
}

static void past_work(struct deputy_job *job)
{
        struct past_job *past = (struct past_job *)job;
        int volume = volume_open(past->home);
        char path[PATH_BYTES];

        job->is_clear = true;
        for (size_t i = 0; i < past->count; i++) {
                struct past_part *part = &past->parts[i];

                if (volume < 0) {
                        part->result = volume;
                        continue;
                }
                if (past->looks) {
                        look(volume, part);
                        job->is_clear = job->is_clear && !part->found;
                        continue;
                }
                path_of(part->profile, "", path);
                part->result = volume_append_lines(volume, path, part->lines.bytes, part->lines.length,
                                                   PAST_FILE_BYTES);
        }
        if (volume >= 0)
                close(volume);
}

static void past_clear(struct deputy_job *job)
{
        struct past_job *past = (struct past_job *)job;

        for (size_t i = 0; i < past->count; i++)
                free(past->parts[i].found);
}

static void past_done(struct deputy_job *job, bool late)
{
        struct past_job *past = (struct past_job *)job;

        past->done(past, late);
}

static void past_drop(struct deputy_job *job)
{
        past_job_free((struct past_job *)job);
}

struct past_job *past_job_new(bool looks)
{
        struct past_job *job = calloc(1, sizeof(*job));

        if (!job)
                return NULL;
        job->looks = looks;
        for (size_t i = 0; i < PAST_PARTS; i++)
                text_init(&job->parts[i].lines);
        return job;
}

void past_job_free(struct past_job *job)
{
        for (size_t i = 0; i < PAST_PARTS; i++)
                text_deinit(&job->parts[i].lines);
        free(job);
}

void past_job_run(struct store *store, struct past_job *job)
{
        job->job = (struct deputy_job){.work = past_work,
                                       .clear = past_clear,
                                       .done = past_done,
                                       .drop = past_drop,
                                       .timeout_msec = STORE_MSEC,
                                       .lane = STORE_LANE_HISTORY};
        job->home = store->home;
        deputy_run(&store->deputy, &job->job);
}

bool past_file_is_stuck(const struct store *store)
{
        return deputy_is_stuck(&store->deputy, STORE_LANE_HISTORY);
}

void past_file_remove(int volume, const char *profile)
{
        char path[PATH_BYTES];

        path_of(profile, "", path);
        volume_remove(volume, path);
        path_of(profile, ".1", path);
        volume_remove(volume, path);
}
