#include "daemon/session/quota.h"

#include <stddef.h>

static void quota_refill(struct quota_uid *entry, int64_t now_msec)
{
        entry->changes += (double)(now_msec - entry->refilled_msec) * LIMIT_CHANGES_PER_SECOND / 1000;
        entry->refilled_msec = now_msec;
        if (entry->changes > LIMIT_CHANGES_BURST)
                entry->changes = LIMIT_CHANGES_BURST;
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
                        entry->used = entry->changes < LIMIT_CHANGES_BURST;
                }
                if (!entry->used && !room)
                        room = entry;
        }
        if (room)
                *room = (struct quota_uid){
                        .used = true, .uid = uid, .changes = LIMIT_CHANGES_BURST, .refilled_msec = now_msec};
        return room;
}

int64_t quota_take_change(struct quota_uid *entry, int64_t now_msec)
{
        quota_refill(entry, now_msec);
        if (entry->changes < 1)
                return (int64_t)((1 - entry->changes) * 1000 / LIMIT_CHANGES_PER_SECOND) + 1;
        entry->changes -= 1;
        return 0;
}
