/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGBLOCK_H
#define CLIENT_LOG_LOGBLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/log/logcursor.h"
#include "client/log/logline.h"
#include "client/text/pattern.h"

/* What was read of a log and has not been taken yet: a block of bytes, cut into lines, without the lines that
 * the filter excludes. A line over LOGLINE_BYTES_MAX is cut, and its rest is dropped. */

#define LOGBLOCK_BYTES (64 * 1024)

struct logblock {
        struct logfilter filter;
        struct logline_clock clock;
        struct pattern_search search;
        int64_t at_usec; /* the time of the last line with a stamp; LOGENTRY_OLDEST: there was none */
        int at_nsec;
        const char *passed,
                *passed_end; /* lines skipped before the next, whose time it may need; NULL: none */
        bool dropping;       /* what comes is the rest of a line that was cut */
        size_t begin, end;
        char bytes[LOGBLOCK_BYTES];
};

void logblock_init(struct logblock *block, const struct logfilter *filter);

/* Forgets what was read. */
void logblock_reset(struct logblock *block);

/* Returns where to read bytes to, and in *room how many fit there, which is never 0. */
char *logblock_room(struct logblock *block, size_t *room);
void logblock_add(struct logblock *block, size_t length);

/* Takes the next line. last: a line that has no newline yet counts, too. Returns false if there is no line:
 * read on. */
bool logblock_take(struct logblock *block, bool last, struct logentry *entry);

/* Notes that a file has ended: what comes next begins a line. */
void logblock_end(struct logblock *block);

/*
 * Finds where in a file its last *count lines begin, or somewhat more lines, so that the first has a stamp.
 * If the file has too few, *begin is -1, and *count is how many are still to be found in the files before it.
 * The block must be empty; its bytes are used. Returns 0 or negative errno.
 */
int logblock_find_last(struct logblock *block, int fd, size_t *count, off_t *begin);

#endif
