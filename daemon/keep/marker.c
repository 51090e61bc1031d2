/* SPDX-License-Identifier: ISC */
#include "daemon/keep/marker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/process.h"
#include "daemon/edge/volume.h"
#include "daemon/log/log.h"
#include "daemon/loop/deputy.h"
#include "proto/name.h"

#define MARKER_BYTES 256

struct marker {
        struct deputy_job job;
        void (*ended)(void *owner); /* NULL: it was called */
        void *owner;
        const char *home;
        pid_t pid;
        char stamp[64]; /* made by the loop: the time zone's functions are not for a deputy */
        char profile[LIMIT_PROFILE_NAME_BYTES + 1];
};

/*
 * Writes the marker as the Hermes application reads it (hermes_cli: planned stop). This is done in a deputy,
 * since a gateway can hold up whoever asks when it was started; its signal waits for the marker. Returns the
 * length; 0: the process is gone, and needs no marker.
 */
static size_t marker_write(const struct marker *marker, char text[MARKER_BYTES])
{
        uint64_t start;

        if (process_start_time(marker->pid, &start))
                return 0;
        return (size_t)snprintf(text, MARKER_BYTES,
                                "{\"target_pid\":%d,\"target_start_time\":%" PRIu64
                                ",\"stopper_pid\":%d,\"written_at\":\"%s\"}\n",
                                (int)marker->pid, start, (int)getpid(), marker->stamp);
}

static void marker_work(struct deputy_job *job)
{
        struct marker *marker = (struct marker *)job;
        char text[MARKER_BYTES];
        struct volume_file file = {
                .path = MARKER_NAME, .text = text, .length = marker_write(marker, text), .mode = 0600};
        int volume = file.length ? volume_open(marker->home) : -ESRCH;
        int directory = volume < 0 ? volume : volume_enter_profile(volume, marker->profile);

        if (directory >= 0) {
                volume_replace(directory, &file, 1, false);
                close(directory);
        }
        if (volume >= 0)
                close(volume);
}

static void marker_end(struct marker *marker)
{
        void (*ended)(void *owner) = marker->ended;

        marker->ended = NULL;
        if (ended)
                ended(marker->owner);
}

static void marker_done(struct deputy_job *job, bool late)
{
        struct marker *marker = (struct marker *)job;

        if (late && job->begun)
                log_event("store: a profile's directory does not answer: service=" GATEWAY_PREFIX "%s",
                          marker->profile);
        marker_end(marker);
}

static void marker_drop(struct deputy_job *job)
{
        struct marker *marker = (struct marker *)job;

        marker_end(marker); /* the broker ends */
        free(marker);
}

bool marker_run(struct deputy *deputy, const struct marker_order *order)
{
        struct marker *marker;
        time_t now = time(NULL);
        struct tm utc;

        if (deputy_is_stuck(deputy, order->lane) || deputy_hangs_on(deputy, order->profile))
                return false;
        marker = calloc(1, sizeof(*marker));
        if (!marker)
                return false;
        marker->job = (struct deputy_job){.work = marker_work,
                                          .done = marker_done,
                                          .drop = marker_drop,
                                          .subject = marker->profile,
                                          .timeout_msec = STORE_MSEC,
                                          .lane = order->lane};
        marker->home = order->home;
        snprintf(marker->profile, sizeof(marker->profile), "%s", order->profile);
        marker->pid = order->pid;
        gmtime_r(&now, &utc);
        strftime(marker->stamp, sizeof(marker->stamp), "%Y-%m-%dT%H:%M:%S+00:00", &utc);
        marker->ended = order->ended;
        marker->owner = order->owner;
        deputy_run(deputy, &marker->job);
        return true;
}
