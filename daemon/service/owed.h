/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_OWED_H
#define SERVICE_OWED_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/bounds.h"
#include "proto/limits.h"

struct registry;

/*
 * What the volume is owed: records of gateways that were unregistered, which could not be taken from it (`persisted: false`).
 * The slot is gone, so the names are noted here, and in a file beside the slots for the next broker; persist.h tries again.
 * Until it is done, such a record counts as none.
 */
struct owed {
        char names[OWED_MOST][LIMIT_PROFILE_NAME_BYTES + 1];
        size_t count;
        size_t under_way; /* of them, that the volume is asked to forget just now */
        bool unsaved;     /* the file has others */
};

#define OWED_FILE ".owed"
#define OWED_FILE_NEW OWED_FILE ".new"

/* Nothing is noted twice; of more than OWED_MOST the log tells. */
void owed_note(struct registry *registry, const char *profile);
/* The volume has forgotten it, or is given another record. */
void owed_pay(struct registry *registry, const char *profile);
bool owed_has(const struct registry *registry, const char *profile);

/* Is there something to be done about it: a record that is to go, or a file that is not as it should be? */
bool owed_is_open(const struct registry *registry);

/* What the last broker noted. 0, or a negative errno: nobody knows. */
int owed_read(struct registry *registry);
/* Writes the file where it has others. 0 or a negative errno. */
int owed_save(struct registry *registry);

#endif
