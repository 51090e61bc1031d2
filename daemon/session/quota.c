/* SPDX-License-Identifier: ISC */
#include "daemon/session/quota.h"

#include <stddef.h>

static void refill(double *level, int64_t passed_msec, double per_second, double most)
{
        *level += (double)passed_msec * per_second / 1000;
        if (*level > most)
                *level = most;
}

static void quota_refill(struct quota_uid *entry, int64_t now_msec)
{
        int64_t passed_msec = now_msec - entry->refilled_msec;

        refill(&entry->changes, passed_msec, LIMIT_CHANGES_PER_SECOND, LIMIT_CHANGES_BURST);
        refill(&entry->names, passed_msec, LIMIT_NAMES_PER_SECOND, LIMIT_NAMES_BURST);
        entry->refilled_msec = now_msec;
}

struct quota_uid *quota_get(struct quota *quota, uid_t uid, int64_t now_msec)
{
        struct quota_uid *room = NULL;

        for (size_t i = 0; i < sizeof(quota->uids) / sizeof(quota->uids[0]); i++) {
                struct quota_uid *entry = &quota->uids[i];

                if (entry->used && entry->uid == uid)
                        return entry;
                if (entry->used && !entry->connections && !entry->gone) {
                        quota_refill(entry, now_msec);
                        entry->used =
                                entry->changes < LIMIT_CHANGES_BURST || entry->names < LIMIT_NAMES_BURST;
                }
                if (!entry->used && !room)
                        room = entry;
        }
        if (room)
                *room = (struct quota_uid){.used = true,
                                           .uid = uid,
                                           .changes = LIMIT_CHANGES_BURST,
                                           .names = LIMIT_NAMES_BURST,
                                           .refilled_msec = now_msec};
        return room;
}

/* How many milliseconds it is until so much is there; 0: it is there. */
static int64_t wait_for(double lacking, double per_second)
{
        return lacking > 0 ? (int64_t)(lacking * 1000 / per_second) + 1 : 0;
}

int64_t quota_take_change(struct quota_uid *entry, size_t names, int64_t now_msec)
{
        double counted = names < LIMIT_NAMES_BURST ? (double)names : LIMIT_NAMES_BURST;
        int64_t for_change, for_names;

        quota_refill(entry, now_msec);
        for_change = wait_for(1 - entry->changes, LIMIT_CHANGES_PER_SECOND);
        for_names = wait_for(counted - entry->names, LIMIT_NAMES_PER_SECOND);
        if (for_change || for_names)
                return for_change > for_names ? for_change : for_names;
        entry->changes -= 1;
        entry->names -= counted;
        return 0;
}
