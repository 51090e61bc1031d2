/* SPDX-License-Identifier: ISC */
#include "daemon/keep/commit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/edge/volume.h"
#include "daemon/edge/volume_resolve.h"
#include "daemon/judge/intent.h"
#include "daemon/judge/shortage.h"
#include "daemon/keep/past_file.h"
#include "daemon/keep/store.h"
#include "daemon/log/clock.h"

#define PATH_BYTES (LIMIT_PROFILE_NAME_BYTES + 64)

struct commit {
        int volume;
        int records;  /* the records' directory, or a negative errno: it cannot be held (as yet) */
        size_t left;  /* so many bytes may still be passed on: pass_on() */
        size_t count; /* of the three below, which have room for all */
        struct store_entry **entries;
        struct volume_file *files;
        char (*paths)[PATH_BYTES];
};

static struct store_batch *batch_behind(const struct store_batch *batch)
{
        return (struct store_batch *)batch->job.next;
}

static bool has_record(const struct store_entry *entry)
{
        return (entry->removed || entry->intent.length) && !entry->result;
}

static char batch_mark(const struct store_batch *batch)
{
        static const char marks[] = "0123456789abcdefghijklmnopqrstuvwxyz";

        _Static_assert(sizeof(marks) > DEPUTY_WORKERS_MOST, "each thread has a mark");
        return batch->apart ? marks[batch->job.worker] : '\0';
}

static int commit_init(struct commit *commit, const struct store_batch *first)
{
        size_t most = 0;

        for (const struct store_batch *batch = first; batch; batch = batch_behind(batch))
                most += batch->count;
        commit->entries = calloc(most, sizeof(*commit->entries));
        commit->files = calloc(most, sizeof(*commit->files));
        commit->paths = calloc(most, sizeof(*commit->paths));
        return commit->entries && commit->files && commit->paths ? 0 : -ENOMEM;
}

static void commit_deinit(struct commit *commit)
{
        free(commit->entries);
        free(commit->files);
        free(commit->paths);
}

/* The place where the same profile is already, of an older batch; else the place behind them all. */
static size_t commit_place(const struct commit *commit, const struct store_entry *entry)
{
        size_t i = 0;

        while (i < commit->count && (commit->entries[i]->hash != entry->hash ||
                                     strcmp(commit->entries[i]->profile, entry->profile) != 0))
                i++;
        return i;
}

/* The oldest batch comes first. What a newer one has of the same profile is written in the place of what an
 * older one has. */
static void commit_gather(struct commit *commit, struct store_batch *first)
{
        for (struct store_batch *batch = first; batch; batch = batch_behind(batch))
                for (size_t i = 0; i < batch->count; i++) {
                        struct store_entry *entry = &batch->entries[i];
                        size_t place;

                        if (!has_record(entry))
                                continue;
                        /* In one batch no profile is twice. */
                        place = batch == first ? commit->count : commit_place(commit, entry);
                        if (place < commit->count)
                                commit->entries[place]->newer = entry;
                        else
                                commit->count++;
                        commit->entries[place] = entry;
                        commit->files[place].mark = batch_mark(batch);
                }
}

/* Passes on what the file that is to be replaced holds and this broker does not know: it is read from there
 * in this very moment, so that one place keeps it, whoever is killed when; unless it is the very file that was
 * written last, with nothing of that in it. A file that is no record is replaced, one that cannot be read is
 * not. When too much is passed on already, the record is written another time. */
static int pass_on(struct commit *commit, struct store_entry *entry, const char *path)
{
        size_t own = entry->intent.length;
        char *before = NULL;
        int result;

        entry->plain = commit->records >= 0 && volume_is_made(commit->records, path, &entry->made);
        if (entry->plain)
                return 0;
        result = volume_read(commit->records >= 0 ? commit->records : commit->volume, path, &before);
        if (result == 0) {
                result = commit->left < INTENT_UNKNOWN_BYTES ? -ENOBUFS
                                                             : intent_pass_on(before, &entry->intent);
                commit->left -= result ? 0 : entry->intent.length - own;
        } else if (!shortage_is_why(result) && result != -EIO && result != -ESTALE) {
                result = 0;
        }
        entry->plain = entry->intent.length == own;
        free(before);
        return result;
}

/* False: the entry's result says why it is not written. */
static bool commit_prepare(struct commit *commit, struct store_entry *entry, char path[PATH_BYTES])
{
        /* An entry whose place a newer one has taken needs no fresh file, whose name might be the newer
         * one's. */
        if (atomic_load(&entry->fence) == VOLUME_CANCELLED) {
                entry->result = -ECANCELED;
                return false;
        }
        snprintf(path, PATH_BYTES, "%s%s", commit->records >= 0 ? "" : INTENT_DIRECTORY "/", entry->profile);
        entry->result = entry->removed ? 0 : pass_on(commit, entry, path);
        return !entry->result;
}

/* read_msec: how long the first half takes, which says how long the whole would take without the syncs. */
static void commit_write(struct commit *commit, int64_t *read_msec)
{
        int64_t began_msec = clock_msec();
        size_t count = 0;

        for (size_t i = 0; i < commit->count; i++) {
                struct store_entry *entry = commit->entries[i];

                if (!commit_prepare(commit, entry, commit->paths[count]))
                        continue;
                commit->files[count] = (struct volume_file){
                        .path = commit->paths[count],
                        .text = entry->removed ? NULL : entry->intent.bytes,
                        .length = entry->intent.length,
                        .mode = 0600,
                        .durable = true,
                        .fence = &entry->fence,
                        .mark = commit->files[i].mark,
                };
                commit->entries[count++] = entry;
        }
        *read_msec = clock_msec() - began_msec;
        if (commit->records >= 0)
                volume_replace_in(commit->records, commit->files, count);
        else
                volume_replace(commit->volume, commit->files, count, true);
        for (size_t i = 0; i < count; i++) {
                struct store_entry *entry = commit->entries[i];

                entry->result = commit->files[i].result;
                entry->made = entry->plain ? commit->files[i].made : (struct volume_made){0};
                /* Only what is gone loses its past: a gateway whose removal another order has cancelled keeps
                 * it. */
                if (entry->removed && entry->result == 0)
                        past_file_remove(commit->volume, entry->profile);
        }
}

/* Syncs the directories above the records: whoever made them may have been killed before that, or be a
 * gateway, which never syncs them. */
static void commit_settle(const struct commit *commit, struct store_batch *first)
{
        int result = volume_sync_above(commit->volume, INTENT_DIRECTORY);

        for (struct store_batch *batch = first; batch; batch = batch_behind(batch)) {
                /* If nothing but removals was asked for, there may be no such directories. */
                batch->settles = batch->settles && result != -ENOENT;
                for (size_t i = 0; batch->settles && i < batch->count; i++)
                        if (batch->entries[i].result == 0)
                                batch->entries[i].result = result;
        }
}

static int commit(int volume, struct store_batch *first)
{
        struct commit work = {.volume = volume,
                              .records = volume_resolve(volume, INTENT_DIRECTORY, O_RDONLY),
                              .left = STORE_UNKNOWN_BYTES};
        bool settles = false;
        int result = commit_init(&work, first);

        for (const struct store_batch *batch = first; batch; batch = batch_behind(batch))
                settles = settles || batch->settles;
        if (result == 0) {
                commit_gather(&work, first);
                commit_write(&work, &first->read_msec);
                if (settles)
                        commit_settle(&work, first);
        }
        if (work.records >= 0)
                close(work.records);
        commit_deinit(&work);
        return result;
}

/* A record is on the disk if the one that was written in its place is. */
static void take_newer(struct store_entry *entry)
{
        const struct store_entry *newest = entry;

        while (newest->newer)
                newest = newest->newer;
        entry->result = newest->result;
}

void commit_work(struct deputy_job *job)
{
        struct store_batch *first = (struct store_batch *)job;
        int volume = volume_open(first->store->home);
        int result = volume < 0 ? volume : commit(volume, first);

        if (volume >= 0)
                close(volume);
        for (struct store_batch *batch = first; batch; batch = batch_behind(batch))
                for (size_t i = 0; i < batch->count; i++)
                        if (result)
                                batch->entries[i].result = result;
                        else
                                take_newer(&batch->entries[i]);
}
