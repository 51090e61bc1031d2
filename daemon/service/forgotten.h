/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_FORGOTTEN_H
#define SERVICE_FORGOTTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/bounds.h"

/*
 * Profiles that were unregistered, the last FORGOTTEN_MOST of them. A look at the volume that was begun before
 * may have read a profile's record that is gone by now: what it says is not to be done any more.
 */
struct forgotten {
        uint64_t hashes[FORGOTTEN_MOST]; /* of names: name_hash() */
        uint64_t count;                  /* how many profiles were ever noted */
};

void forgotten_note(struct forgotten *forgotten, const char *profile);

/* Was the profile noted since there were `count`? True also where more were than are kept. */
bool forgotten_since(const struct forgotten *forgotten, const char *profile, uint64_t count);

#endif
