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

/* What was read of a log and is not taken yet: a block of bytes, cut into lines, of which those are left out that
 * nobody asked for. A line over LOGLINE_BYTES_MAX is cut, and the rest of it dropped. */

#define LOGBLOCK_BYTES (64 * 1024)

struct logblock {
        struct logfilter filter;
        struct logline_clock clock;
        struct pattern_search search;
        int64_t at_usec; /* of the last line that has a stamp; LOGENTRY_OLDEST: there was none */
        int at_nsec;
        const char *passed,
                *passed_end; /* lines that were passed for the next, whose time may count; NULL: none */
        bool dropping;       /* in the rest of a line that was cut */
        size_t begin, end;
        char bytes[LOGBLOCK_BYTES];
};

void logblock_init(struct logblock *block, const struct logfilter *filter);

/* Forgets what was read. */
void logblock_reset(struct logblock *block);

/* Where to read to, *room bytes: there are always some. */
char *logblock_room(struct logblock *block, size_t *room);
void logblock_add(struct logblock *block, size_t length);

/* Takes the next line. last: what there is of one is one. false: there is none; read on. */
bool logblock_take(struct logblock *block, bool last, struct logentry *entry);

/* A file ends: what comes begins a line. */
void logblock_end(struct logblock *block);

/*
 * Where in a file its last *count lines begin, or somewhat more, so that the first has a stamp. Without so many
 * *begin is -1, and *count what is to be found before. The block is empty, and its bytes are used. 0 or negative
 * errno.
 */
int logblock_find_last(struct logblock *block, int fd, size_t *count, off_t *begin);

#endif
