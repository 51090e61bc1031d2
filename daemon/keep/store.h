/* SPDX-License-Identifier: ISC */
#ifndef KEEP_STORE_H
#define KEEP_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/bounds.h"
#include "daemon/loop/deputy.h"
#include "daemon/loop/ready.h"
#include "daemon/edge/room.h"
#include "daemon/edge/volume.h"
#include "proto/limits.h"
#include "proto/text.h"

/*
 * The broker's records on the volume, <home>/.svcbroker/intent/<profile>, and the planned-stop markers that a
 * gateway looks for, written by a deputy of their own. An older batch never overtakes a newer one, though
 * root's do not wait for others': for the profiles that a newer batch has, an older one that is not begun is
 * cancelled, and so is one that hangs, up to the rename that is its last step (volume.h: fence). For a
 * profile whose rename hangs, no record is written until that is over.
 */

/* Lanes of the volume's deputy. What is read or marked in a profile's directory may hang with that directory;
 * records do not, since they have a directory of their own. */
enum store_lane {
        STORE_LANE_ROOT_WRITES,
        STORE_LANE_WRITES,
        STORE_LANE_ROOT_LOOKS, /* the broker's own, too */
        STORE_LANE_LOOKS,
        STORE_LANE_HISTORY, /* behind all others */
};

struct store {
        struct deputy deputy;
        struct ready_queue *ready;   /* whose turns answer what the deputy is not asked, and end surveys */
        const char *home;            /* absolute; the root profile's directory */
        int64_t opened_usec;         /* UTC: what is older on the volume is not this broker's */
        struct store_batch *batches; /* not dropped yet, newest first */
        size_t at_once;   /* names that are written with one pair of syncs, by how long the last ones took */
        struct room room; /* what volume_room.h found last */
        int refused; /* errno of making files there, as the client user; 0: it may, or nothing is known */
        bool room_known;
        bool room_asked;
        int64_t room_msec;        /* by clock_msec(): when `room` was last asked for; 0: never */
        size_t queued_bytes;      /* of batches that are not root's */
        size_t queued_root_bytes; /* of root's batches */
        int failure;              /* errno of the last batch; 0: it went well */
        bool settled; /* the directories above the records have their names on the disk, as far as is known */
};

/* Starts the store's deputy. Returns 0 or a negative errno. uid, gid, switches: as of deputy_open(). */
int store_open(struct store *store, uv_loop_t *loop, struct ready_queue *ready, const char *home, uid_t uid,
               gid_t gid, bool switches);
void store_close(struct store *store);

/* One gateway's part of a batch. */
struct store_entry {
        char profile[LIMIT_PROFILE_NAME_BYTES + 1];
        bool removed;       /* there shall be no record */
        struct text intent; /* what intent_write() wrote; empty, or with `removed`: no record is written */
        pid_t stopped_pid;  /* a planned-stop marker for this process; 0: none */
        int result;         /* of the record: see store_batch_result() */
        /* The record's file as it was written last, where nothing in it is passed on: then it is not read
         * before it is replaced. Set again when it is written; all zero: not known. */
        struct volume_made made;
        bool plain; /* the thread's: nothing is passed on */
        struct store_entry
                *newer; /* the thread's: of the same profile, and written in its place with the same syncs */
        uint64_t hash;  /* of the profile's name */
        atomic_int fence; /* enum volume_fence */
};

struct store_batch {
        struct deputy_job job; /* of the records */
        struct ready ready;    /* of a batch that is late or refused before it is begun */
        struct store *store;
        struct store_batch *next; /* in store.batches */
        struct store_batch
                *first;    /* of the batches that are written together, maybe this one; NULL: not begun */
        size_t together;   /* in the first one: names of all these batches */
        int64_t read_msec; /* in the first one, by the thread: how long it read what is to be replaced */
        bool through;      /* a thread has written it, in time */
        bool root;         /* root waits for it */
        size_t bytes;
        int refused;    /* errno; 0: it was taken */
        bool late;      /* the records are not done in time */
        bool told;      /* `done` has been called */
        bool dropped;   /* the deputy is through with the records */
        bool settles;   /* the directories above the records are synced, too: store.settled */
        bool apart;     /* an older batch is under way, or hangs: fresh files have names of their own */
        unsigned parts; /* the records and each marker, as far as they are not done */
        /* Called once, on a later turn of the loop; the batch is the store's again after it. */
        void (*done)(struct store_batch *batch);
        void *owner;
        size_t count;
        struct store_entry entries[];
};

/* Does the writing of records hang, and so the volume? */
bool store_is_stuck(const struct store *store);

/* A batch that is zeroed but for `count`. NULL: out of memory. */
struct store_batch *store_batch_new(size_t count);
void store_batch_free(struct store_batch *batch);

/*
 * Writes all records of the batch with one pair of syncs, together with as many of the batches that wait when
 * it begins as there is time for; of one profile only the newest record, which stands for the older ones.
 * Each marker is written by itself, since its profile's directory may hang. Takes the batch.
 */
void store_write(struct store *store, struct store_batch *batch);

/* For `done`: 0 if the record at that place is on the disk, or a negative errno; -ETIMEDOUT: the volume did
 * not answer in time; -ECANCELED: a newer record took its place. */
int store_batch_result(const struct store_batch *batch, size_t place);

/* For how many names at once the volume has time: there is no use in keeping more waiting for it. */
size_t store_names_at_once(const struct store *store);

#endif
