/* SPDX-License-Identifier: ISC */
#include "daemon/keep/sweep.h"

#include <stdlib.h>
#include <unistd.h>

#include "daemon/edge/volume.h"
#include "daemon/judge/intent.h"
#include "daemon/keep/marker.h"
#include "daemon/keep/store.h"

struct sweep {
        struct deputy_job job;
        const char *home;
        int64_t before_usec;
};

static void sweep_work(struct deputy_job *job)
{
        const struct sweep *sweep = (const struct sweep *)job;
        int volume = volume_open(sweep->home);

        if (volume < 0)
                return;
        volume_sweep(volume, INTENT_DIRECTORY, sweep->before_usec);
        volume_sweep(volume, ".svcbroker", sweep->before_usec);
        volume_remove_older(volume, INTENT_DIRECTORY "/" VOLUME_PROBE, sweep->before_usec);
        volume_remove_older(volume, ".svcbroker/" VOLUME_PROBE, sweep->before_usec);
        volume_remove_older(volume, VOLUME_PROBE, sweep->before_usec);
        volume_remove_older(volume, VOLUME_TEMPORARY(VOLUME_PROBE), sweep->before_usec);
        volume_remove_older(volume, VOLUME_TEMPORARY(MARKER_NAME), sweep->before_usec);
        close(volume);
}

static void sweep_drop(struct deputy_job *job)
{
        free(job);
}

static void sweep_done(struct deputy_job *job, bool late)
{
        (void)job; /* nobody waits for it */
        (void)late;
}

void sweep_run(struct store *store)
{
        struct sweep *sweep =
                deputy_is_stuck(&store->deputy, STORE_LANE_ROOT_LOOKS) ? NULL : calloc(1, sizeof(*sweep));

        if (!sweep)
                return; /* nothing is lost: a broker after this one comes by */
        sweep->job = (struct deputy_job){.work = sweep_work,
                                         .done = sweep_done,
                                         .drop = sweep_drop,
                                         .timeout_msec = STORE_MSEC,
                                         .lane = STORE_LANE_ROOT_LOOKS};
        sweep->home = store->home;
        sweep->before_usec = store->opened_usec;
        deputy_run(&store->deputy, &sweep->job);
}
