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
        size_t under_way; /* how many of them the volume is being asked to forget */
        bool unsaved;     /* the file has other names than these */
};

#define OWED_FILE ".owed"
#define OWED_FILE_NEW OWED_FILE ".new"

/* Notes a profile, once. Over OWED_MOST nothing is noted but a line of the log. */
void owed_note(struct registry *registry, const char *profile);
/* Strikes out a profile whose record the volume has forgotten, or is given anew. */
void owed_pay(struct registry *registry, const char *profile);
bool owed_has(const struct registry *registry, const char *profile);

/* Is there something left to do: a record that is to go, or a file that is not as it should be? */
bool owed_is_open(const struct registry *registry);

/* Reads what the last broker noted. 0, or a negative errno: it could not be read. */
int owed_read(struct registry *registry);
/* Writes the file, if it has other names. 0 or a negative errno. */
int owed_save(struct registry *registry);

#endif
