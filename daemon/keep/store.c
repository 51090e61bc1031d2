/* SPDX-License-Identifier: ISC */
#include "daemon/keep/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log/log.h"
#include "daemon/edge/volume.h"
#include "daemon/keep/commit.h"
#include "daemon/keep/marker.h"
#include "proto/name.h"
#include "proto/sysname.h"

int store_open(struct store *store, uv_loop_t *loop, struct ready_queue *ready, const char *home, uid_t uid,
               gid_t gid, bool switches)
{
        store->ready = ready;
        store->home = home;
        store->opened_usec = clock_utc_usec() - STORE_CLOCK_USEC;
        store->at_once = STORE_TOGETHER_LEAST;
        int result = deputy_open(&store->deputy, loop, uid, gid, switches, false, STORE_THREADS);

        /* All records are in one directory: where one hangs, so would the next. */
        deputy_limit_lane(&store->deputy, STORE_LANE_ROOT_WRITES, 1);
        deputy_limit_lane(&store->deputy, STORE_LANE_WRITES, 1);
        deputy_limit_lane(&store->deputy, STORE_LANE_HISTORY, 1);
        return result;
}

void store_close(struct store *store)
{
        deputy_close(&store->deputy);
}

bool store_is_stuck(const struct store *store)
{
        return deputy_is_stuck(&store->deputy, STORE_LANE_ROOT_WRITES) ||
               deputy_is_stuck(&store->deputy, STORE_LANE_WRITES);
}

struct store_batch *store_batch_new(size_t count)
{
        struct store_batch *batch = calloc(1, sizeof(*batch) + count * sizeof(batch->entries[0]));

        if (!batch)
                return NULL;
        batch->count = count;
        for (size_t i = 0; i < count; i++)
                text_init(&batch->entries[i].intent);
        return batch;
}

void store_batch_free(struct store_batch *batch)
{
        for (size_t i = 0; i < batch->count; i++)
                text_deinit(&batch->entries[i].intent);
        free(batch);
}

/* Logs once that writing fails, again for another reason, and once that it works again. */
static void store_note(struct store *store, int failure)
{
        if (failure && failure != store->failure)
                log_event("store: cannot write to the volume: why=%s", sysname_error(failure));
        else if (!failure && store->failure)
                log_event("store: the volume can be written again");
        store->failure = failure;
}

static size_t batch_size(const struct store_batch *batch)
{
        size_t bytes = sizeof(*batch) + batch->count * sizeof(batch->entries[0]);

        for (size_t i = 0; i < batch->count; i++)
                bytes += batch->entries[i].intent.capacity;
        return bytes;
}

/* Cancels an entry: nothing of it will happen. False: it is happening, or has happened. */
static bool entry_cancel(struct store_entry *entry)
{
        int open = VOLUME_OPEN;

        return atomic_compare_exchange_strong(&entry->fence, &open, VOLUME_CANCELLED) ||
               open == VOLUME_CANCELLED;
}

static void batch_tell(struct store_batch *batch)
{
        int failure = 0;

        batch->told = true;
        for (size_t i = 0; i < batch->count; i++) {
                int result = store_batch_result(batch, i);

                if (!failure && result != -ECANCELED && result != -EPROTONOSUPPORT)
                        failure = -result;
        }
        store_note(batch->store, failure);
        /* After a failure the volume may be another one, or one that was away. */
        if (failure)
                batch->store->settled = false;
        else if (batch->settles && !batch->late)
                batch->store->settled = true;
        batch->done(batch);
}

static size_t *batch_share(const struct store_batch *batch)
{
        return batch->root ? &batch->store->queued_root_bytes : &batch->store->queued_bytes;
}

static bool batch_is_too_much(const struct store_batch *batch)
{
        size_t queued = *batch_share(batch);

        return queued && queued + batch->bytes > (batch->root ? STORE_QUEUE_ROOT_BYTES : STORE_QUEUE_BYTES);
}

static void batch_free_if_done(struct store_batch *batch)
{
        struct store_batch **at = &batch->store->batches;

        if (!batch->dropped || batch->parts)
                return;
        while (*at != batch)
                at = &(*at)->next;
        *at = batch->next;
        *batch_share(batch) -= batch->bytes;
        store_batch_free(batch);
}

static void batch_part_done(void *owner)
{
        struct store_batch *batch = owner;

        if (--batch->parts == 0)
                batch_tell(batch);
        batch_free_if_done(batch);
}

size_t store_names_at_once(const struct store *store)
{
        return store->at_once;
}

static void store_see_pace(struct store *store, const struct store_batch *first)
{
        int64_t most = STORE_TOGETHER_MSEC * (int64_t)first->together / (first->read_msec + 1);

        store->at_once = most < STORE_TOGETHER_LEAST  ? STORE_TOGETHER_LEAST
                         : most > STORE_TOGETHER_MOST ? STORE_TOGETHER_MOST
                                                      : (size_t)most;
}

/* The batches that were written together keep nobody waiting any longer. */
static void batches_through(struct store_batch *first)
{
        for (struct store_batch *batch = first->store->batches; batch; batch = batch->next)
                batch->through = batch->through || (batch->first == first && batch->job.begun);
        store_see_pace(first->store, first);
}

static void batch_done(struct deputy_job *job, bool late)
{
        struct store_batch *batch = (struct store_batch *)job;

        if (!late && batch->first == batch)
                batches_through(batch);
        batch->late = late;
        for (size_t i = 0; late && i < batch->count; i++)
                entry_cancel(&batch->entries[i]);
        batch_part_done(batch);
}

static void batch_drop(struct deputy_job *job)
{
        struct store_batch *batch = (struct store_batch *)job;

        batch->dropped = true;
        if (!batch->told && batch->store->deputy.started) {
                batch_free_if_done(batch); /* markers are under way */
                return;
        }
        if (!batch->told) { /* the broker ends */
                batch->late = true;
                batch_part_done(batch);
                return;
        }
        batch_free_if_done(batch);
}

static struct store_entry *batch_entry(struct store_batch *batch, const struct store_entry *like)
{
        for (size_t i = 0; i < batch->count; i++)
                if (batch->entries[i].hash == like->hash &&
                    strcmp(batch->entries[i].profile, like->profile) == 0)
                        return &batch->entries[i];
        return NULL;
}

/*
 * Cancels in the older batch what the newer one has. False: some of that is happening, or has happened. The
 * whole of both is compared, which takes a millisecond for a thousand names each; but for root's beside
 * others' there is no older one.
 */
static bool batch_supersede(const struct store_batch *newer, struct store_batch *older)
{
        bool cancelled = true;

        for (size_t i = 0; i < newer->count; i++) {
                struct store_entry *entry = batch_entry(older, &newer->entries[i]);

                cancelled = (!entry || entry_cancel(entry)) && cancelled;
        }
        return cancelled;
}

/* Where an older batch hangs in a rename, nobody knows what will be there: the newer one leaves that profile
 * out. */
static void batch_leave_out(struct store_batch *batch, struct store_batch *hung)
{
        for (size_t i = 0; i < batch->count; i++) {
                struct store_entry *entry = batch_entry(hung, &batch->entries[i]);

                if (entry && !entry_cancel(entry))
                        batch->entries[i].result = -ETIMEDOUT;
        }
}

/* May a batch be written together with `first`? Every batch behind it in the list is older. Of its own lane
 * none is under way but what hangs, and those that it is written with. */
static bool batch_may_join(struct store_batch *batch, struct store_batch *first)
{
        bool may = true;

        for (struct store_batch *older = batch->next; older; older = older->next) {
                if (older->dropped || older->through || (older != batch && older->first == first))
                        continue;
                batch->apart = batch->apart || older->job.begun;
                if (older->late)
                        batch_leave_out(batch, older);
                else if (!batch_supersede(batch, older))
                        may = false; /* the older one is in the middle of it, and done in a moment */
        }
        batch->first = may ? first : NULL;
        batch->settles = !batch->store->settled; /* the batch before it may have seen to that */
        return may;
}

static bool batch_may_begin(const struct deputy_job *job)
{
        struct store_batch *batch = (struct store_batch *)job;

        batch->together = batch->count;
        return batch_may_join(batch, batch);
}

static bool batch_joins(struct deputy_job *leader, struct deputy_job *job)
{
        struct store_batch *first = (struct store_batch *)leader, *batch = (struct store_batch *)job;

        if (first->together + batch->count > first->store->at_once || !batch_may_join(batch, first))
                return false;
        first->together += batch->count;
        return true;
}

/* Tells of a batch that was not begun. */
static void refused_drop(struct ready *ready)
{
        struct store_batch *batch =
                (struct store_batch *)((char *)ready - offsetof(struct store_batch, ready));

        batch_tell(batch);
        store_batch_free(batch);
}

static bool refused_step(struct ready *ready)
{
        refused_drop(ready);
        return false;
}

static void batch_mark_stop(struct store_batch *batch, const struct store_entry *entry)
{
        const struct marker_order order = {.home = batch->store->home,
                                           .profile = entry->profile,
                                           .pid = entry->stopped_pid,
                                           .lane = batch->root ? STORE_LANE_ROOT_LOOKS : STORE_LANE_LOOKS,
                                           .ended = batch_part_done,
                                           .owner = batch};

        batch->parts += entry->stopped_pid && marker_run(&batch->store->deputy, &order);
}

void store_write(struct store *store, struct store_batch *batch)
{
        unsigned lane = batch->root ? STORE_LANE_ROOT_WRITES : STORE_LANE_WRITES;

        batch->store = store;
        batch->parts = 1;
        batch->bytes = batch_size(batch);
        batch->late = deputy_is_stuck(&store->deputy, lane);
        if (!batch->late && batch_is_too_much(batch))
                batch->refused = ENOBUFS;
        if (batch->late || batch->refused) {
                ready_init(&batch->ready, store->ready, refused_step);
                batch->ready.root = batch->root;
                batch->ready.drop = refused_drop;
                ready_wake(&batch->ready);
                return;
        }
        batch->job = (struct deputy_job){.work = commit_work,
                                         .done = batch_done,
                                         .drop = batch_drop,
                                         .may_begin = batch_may_begin,
                                         .joins = batch_joins,
                                         .timeout_msec = STORE_MSEC,
                                         .lane = lane};
        for (size_t i = 0; i < batch->count; i++)
                batch->entries[i].hash = name_hash(batch->entries[i].profile, 0);
        *batch_share(batch) += batch->bytes;
        batch->next = store->batches;
        store->batches = batch;
        deputy_run(&store->deputy, &batch->job);
        for (size_t i = 0; i < batch->count; i++)
                batch_mark_stop(batch, &batch->entries[i]);
}

int store_batch_result(const struct store_batch *batch, size_t place)
{
        if (batch->refused)
                return -batch->refused;
        return batch->late ? -ETIMEDOUT : batch->entries[place].result;
}
