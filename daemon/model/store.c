#include "daemon/model/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/edge/log.h"
#include "daemon/edge/volume.h"
#include "daemon/model/intent.h"

#define MARKER_NAME ".gateway-planned-stop.json"
#define PATH_BYTES (LIMIT_PROFILE_NAME_BYTES + 64)

int store_open(struct store *store, uv_loop_t *loop, const char *home, uid_t uid, gid_t gid, bool switches)
{
        store->home = home;
        return deputy_open(&store->deputy, loop, uid, gid, switches);
}

void store_close(struct store *store)
{
        deputy_close(&store->deputy);
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

void store_profile_path(const char *profile, char *path, size_t size)
{
        if (!strcmp(profile, "default"))
                snprintf(path, size, "%s", "");
        else
                snprintf(path, size, "profiles/%s/", profile);
}

/* As the Hermes application reads it (hermes_cli: planned stop). */
static void marker_write(const struct store_entry *entry, struct text *text)
{
        char stamp[64];
        time_t now = time(NULL);
        struct tm utc;

        gmtime_r(&now, &utc);
        strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S+00:00", &utc);
        text_append_string(text, "{\"target_pid\":");
        text_append_int(text, entry->stopped_pid);
        text_append_string(text, ",\"target_start_time\":");
        text_append_int(text, (int64_t)entry->stopped_start);
        text_append_string(text, ",\"stopper_pid\":");
        text_append_int(text, getpid());
        text_append_string(text, ",\"written_at\":\"");
        text_append_string(text, stamp);
        text_append_string(text, "\"}\n");
}

/* A gateway without its marker takes the stop for the container's; that costs its own note of it, not the
 * record. */
static void write_marker(int volume, const struct store_entry *entry)
{
        char directory[PATH_BYTES], path[PATH_BYTES + sizeof(MARKER_NAME)];
        struct volume_file file = {.path = path, .mode = 0600};
        struct text text;

        if (!entry->stopped_pid)
                return;
        store_profile_path(entry->profile, directory, sizeof(directory));
        snprintf(path, sizeof(path), "%s%s", directory, MARKER_NAME);
        text_init(&text);
        marker_write(entry, &text);
        file.text = text.bytes;
        file.length = text.length;
        if (!text.failed)
                volume_replace(volume, &file, 1, false);
        text_deinit(&text);
}

static int write_records(int volume, struct store_batch *batch)
{
        struct volume_file *files = calloc(batch->count, sizeof(*files));
        char(*paths)[PATH_BYTES] = calloc(batch->count, sizeof(*paths));
        size_t count = 0;

        for (size_t i = 0; files && paths && i < batch->count; i++) {
                const struct store_entry *entry = &batch->entries[i];

                if (!entry->removed && !entry->intent.length)
                        continue;
                snprintf(paths[count], sizeof(paths[count]), INTENT_DIRECTORY "/%s", entry->profile);
                files[count] = (struct volume_file){
                        .path = paths[count],
                        .text = entry->removed ? NULL : entry->intent.bytes,
                        .length = entry->intent.length,
                        .mode = 0600,
                        .durable = true,
                };
                count++;
        }
        if (count)
                volume_replace(volume, files, count, true);
        for (size_t i = 0, at = 0; at < count; i++)
                if (batch->entries[i].removed || batch->entries[i].intent.length)
                        batch->entries[i].result = files[at++].result;
        count = files && paths;
        free(files);
        free(paths);
        return count ? 0 : -ENOMEM;
}

static void batch_work(struct deputy_job *job)
{
        struct store_batch *batch = (struct store_batch *)job;
        int volume = volume_open(batch->store->home);
        int result = volume < 0 ? volume : 0;

        for (size_t i = 0; volume >= 0 && i < batch->count; i++)
                write_marker(volume, &batch->entries[i]);
        if (volume >= 0) {
                result = write_records(volume, batch);
                close(volume);
        }
        for (size_t i = 0; result && i < batch->count; i++)
                batch->entries[i].result = result;
}

/* Told once when it begins to fail, and once when it works again. */
static void store_note(struct store *store, int failure)
{
        if (failure && failure != store->failure)
                log_line("store: cannot write to the volume: why=%s", strerrorname_np(failure));
        else if (!failure && store->failure)
                log_line("store: the volume can be written again");
        store->failure = failure;
}

static void batch_end(struct store_batch *batch)
{
        batch->store->queued_bytes -= batch->bytes;
        store_batch_free(batch);
}

static size_t batch_size(const struct store_batch *batch)
{
        size_t bytes = sizeof(*batch) + batch->count * sizeof(batch->entries[0]);

        for (size_t i = 0; i < batch->count; i++)
                bytes += batch->entries[i].intent.capacity;
        return bytes;
}

static void batch_done(struct deputy_job *job, bool late)
{
        struct store_batch *batch = (struct store_batch *)job;
        int failure = 0;

        batch->late = late;
        batch->told = true;
        for (size_t i = 0; i < batch->count; i++)
                failure = failure ? failure : -store_batch_result(batch, i);
        store_note(batch->store, failure);
        batch->done(batch);
        if (!late)
                batch_end(batch);
}

static void batch_drop(struct deputy_job *job)
{
        struct store_batch *batch = (struct store_batch *)job;

        if (!batch->told) { /* the broker ends */
                batch->late = true;
                batch->done(batch);
        }
        batch_end(batch);
}

void store_write(struct store *store, struct store_batch *batch)
{
        batch->store = store;
        batch->job = (struct deputy_job){
                .work = batch_work, .done = batch_done, .drop = batch_drop, .timeout_msec = STORE_MSEC};
        batch->bytes = batch_size(batch);
        batch->late = deputy_is_stuck(&store->deputy);
        if (store->queued_bytes && store->queued_bytes + batch->bytes > STORE_QUEUE_BYTES)
                batch->refused = ENOBUFS;
        if (!batch->late && !batch->refused) {
                store->queued_bytes += batch->bytes;
                deputy_run(&store->deputy, &batch->job);
                return;
        }
        batch->done(batch);
        store_batch_free(batch);
}

int store_batch_result(const struct store_batch *batch, size_t place)
{
        if (batch->refused)
                return -batch->refused;
        return batch->late ? -ETIMEDOUT : batch->entries[place].result;
}
