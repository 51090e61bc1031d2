/* SPDX-License-Identifier: ISC */
#include "daemon/service/history_volume.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/keep/past_file.h"
#include "daemon/log/log.h"
#include "daemon/service/registry.h"
#include "proto/name.h"
#include "proto/sysname.h"

/* Logs once when writing to the volume begins to fail, and once when it works again. */
static void note_error(struct history *history, int error)
{
        if (error && error != history->volume_error)
                log_event("history: cannot be written to the volume: why=%s", sysname_error(error));
        else if (!error && history->volume_error)
                log_event("history: is written to the volume again");
        history->volume_error = error;
}

/* Takes the lines that a look has found, the last first, so that it is the oldest that find no room. */
static void take_found(struct registry *registry, const char *profile, char *text)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        struct event event;
        size_t length = strlen(text);

        name_service_of(profile, name, sizeof(name));
        for (unsigned looked = 0; length && looked < PAST_LINES_LOOKED; looked++) {
                char *line;

                while (length && text[length - 1] == '\n')
                        length--;
                text[length] = '\0';
                line = memrchr(text, '\n', length);
                line = line ? line + 1 : text;
                if (*line && event_read(line, &event) == 0 &&
                    !past_add_older(&registry->history.past, name, &event))
                        return;
                length = (size_t)(line - text);
        }
}

static void on_done(struct past_job *job, bool late)
{
        struct registry *registry = job->owner;
        int error = late ? ETIMEDOUT : 0;

        registry->history.volume_busy = false;
        if (registry->stopping)
                return;
        for (size_t i = 0; !late && i < job->count; i++) {
                struct past_part *part = &job->parts[i];

                if (job->looks && part->found)
                        take_found(registry, part->profile, part->found);
                else if (!job->looks && part->result && !error)
                        error = -part->result;
        }
        if (!job->looks || late)
                note_error(&registry->history, error);
        timer_start(&registry->history.volume_timer, HISTORY_VOLUME_MSEC);
}

static void add_profile(struct past_job *job, const char *profile)
{
        struct past_part *part = &job->parts[job->count++];

        snprintf(part->profile, sizeof(part->profile), "%s", profile);
}

/* Adds gateways that the volume has not been asked about. */
static void collect_looks(struct registry *registry, struct past_job *job)
{
        for (size_t i = 0; i < registry->count && job->count < PAST_PARTS; i++) {
                struct service *service = registry->services[i];

                if (!service->profile || service->past_is_known)
                        continue;
                service->past_is_known = true;
                add_profile(job, service->profile);
        }
}

/* Adds lines, beginning after the last job's, so that every service has its turn even if the first always
 * have something new. */
static void collect_lines(struct registry *registry, struct past_job *job)
{
        struct past *past = &registry->history.past;
        size_t *next = &registry->history.volume_next;

        for (size_t looked = 0; looked < past->count && job->count < PAST_PARTS; looked++, ++*next) {
                struct past_of *of;

                if (*next >= past->count)
                        *next = 0;
                of = past->services[*next];
                if (!past_waits_for_volume(of))
                        continue;
                if (!history_is_kept(registry, of->name)) {
                        of->on_volume = of->last->number;
                        continue;
                }
                add_profile(job, name_profile_of(of->name));
                of->on_volume =
                        past_lines(of, of->on_volume, PAST_WRITE_BYTES, &job->parts[job->count - 1].lines);
        }
}

static bool history_volume_step(struct ready *ready)
{
        struct registry *registry = (struct registry *)((char *)ready - offsetof(struct registry, history) -
                                                        offsetof(struct history, volume_ready));
        struct history *history = &registry->history;
        struct past_job *job;

        if (history->volume_busy || registry->stopping || !registry->store.deputy.started)
                return false;
        if (past_file_is_stuck(&registry->store)) {
                timer_start(&history->volume_timer, HISTORY_VOLUME_MSEC);
                return false;
        }
        job = past_job_new(true);
        if (job)
                collect_looks(registry, job);
        if (job && !job->count) {
                job->looks = false;
                collect_lines(registry, job);
        }
        if (!job || !job->count) {
                if (job)
                        past_job_free(job);
                return false;
        }
        job->owner = registry;
        job->done = on_done;
        history->volume_busy = true;
        past_job_run(&registry->store, job);
        return false;
}

void history_volume_look(struct registry *registry)
{
        if (!timer_is_running(&registry->history.volume_timer))
                timer_start(&registry->history.volume_timer, HISTORY_VOLUME_MSEC);
}

static void on_time(void *owner)
{
        struct registry *registry = owner;

        ready_wake(&registry->history.volume_ready);
}

void history_volume_init(struct registry *registry)
{
        ready_init(&registry->history.volume_ready, &registry->ready, history_volume_step);
        timer_init(&registry->history.volume_timer, registry->loop, on_time, registry);
}
