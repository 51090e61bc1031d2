/* SPDX-License-Identifier: ISC */
#ifndef SESSION_QUOTA_H
#define SESSION_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/bounds.h"
#include "proto/limits.h"

/*
 * What each uid has in use. An entry outlives its connections until its buckets are full again, so that
 * connecting anew does not refill it.
 */
struct quota_uid {
        bool used;
        uid_t uid;
        unsigned connections;
        unsigned gone;       /* clients that are gone, while their calls are being done */
        unsigned watches;    /* Watches, and followed Histories */
        size_t memory_bytes; /* buffers of its connections */
        double changes;      /* left in the bucket of changes */
        double names;        /* left in the bucket of names */
        int64_t refilled_msec;
};

struct quota {
        struct quota_uid uids[LIMIT_CONNECTIONS + GONE_CLIENTS];
};

/* Returns the entry of `uid`, which is made if it has none. NULL: no entry is free, which means that there
 * are too many connections. */
struct quota_uid *quota_get(struct quota *quota, uid_t uid, int64_t now_msec);

/* Takes one change of so many names out of the buckets, and returns 0; or takes nothing, and returns how many
 * milliseconds it is until the buckets hold so much. Of the names, at most LIMIT_NAMES_BURST are counted. */
int64_t quota_take_change(struct quota_uid *entry, size_t names, int64_t now_msec);

#endif
