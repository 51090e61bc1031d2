/* SPDX-License-Identifier: ISC */
#include "daemon/service/forgotten.h"

#include "proto/name.h"

void forgotten_note(struct forgotten *forgotten, const char *profile)
{
        forgotten->hashes[forgotten->count++ % FORGOTTEN_MOST] = name_hash(profile, 0);
}

bool forgotten_since(const struct forgotten *forgotten, const char *profile, uint64_t count)
{
        const uint64_t hash = name_hash(profile, 0);

        if (forgotten->count - count > FORGOTTEN_MOST)
                return true;
        for (uint64_t at = count; at < forgotten->count; at++)
                if (forgotten->hashes[at % FORGOTTEN_MOST] == hash)
                        return true;
        return false;
}
