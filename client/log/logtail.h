/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGTAIL_H
#define CLIENT_LOG_LOGTAIL_H

#include <stddef.h>

#include "client/text/printable.h"

/*
 * The last lines of a log directory, for a glance: what is read is bounded, however large the files are and
 * however fast they grow.
 */

#define LOGTAIL_LINES 10
#define LOGTAIL_BYTES (64 * 1024) /* read from the end of the newest file, and of the one before */

struct logtail {
        char *lines[LOGTAIL_LINES]; /* the oldest first: printable, with their time, without tabs */
        size_t count;
};

/* Reads the last lines, with the caller's rights. printable: for printable_line(). Returns 0 or negative
 * errno; logtail_deinit() is due only after 0. */
int logtail_init(struct logtail *tail, const char *directory, enum printable printable);
void logtail_deinit(struct logtail *tail);

#endif
