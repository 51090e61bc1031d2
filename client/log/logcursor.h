/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGCURSOR_H
#define CLIENT_LOG_LOGCURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/log/logline.h"

struct pattern;

/*
 * A cursor gives the lines of one log directory one by one, the oldest first: those of the files that were
 * put aside, those of current, and, if it follows, those written later. It never waits, and its memory does
 * not grow.
 */
struct logcursor;

/* Which lines are wanted. A line without a stamp has the time of the line before it; lines before the first
 * stamp are older than all others. */
struct logfilter {
        struct pattern *pattern; /* NULL: all; not owned */
        int64_t since_usec;      /* that moment included; LOGFILTER_ALWAYS: all */
        int64_t until_usec;      /* that moment included; LOGFILTER_FOR_EVER: all */
};

#define LOGFILTER_ALWAYS INT64_MIN
#define LOGFILTER_FOR_EVER INT64_MAX
#define LOGFILTER_ALL ((struct logfilter){.since_usec = LOGFILTER_ALWAYS, .until_usec = LOGFILTER_FOR_EVER})

struct logentry {
        struct logline line; /* points into the cursor, and is valid until the next entry is taken */
        bool cut;            /* the line is longer than LOGLINE_BYTES_MAX */
        int64_t at_usec;     /* its own time, or that of the line before; LOGENTRY_OLDEST: neither has one */
        int at_nsec;
};

#define LOGENTRY_OLDEST INT64_MIN

/* How much logcursor_next() reads in one go before it returns LOGCURSOR_BUSY. */
#define LOGCURSOR_TURN_BYTES (8 * 1024 * 1024)

enum logcursor_state {
        LOGCURSOR_LINE,
        LOGCURSOR_END,  /* there are no more lines, or none for now */
        LOGCURSOR_BUSY, /* no line yet, but there is more to read */
        LOGCURSOR_GONE, /* the directory is gone */
        LOGCURSOR_FAILED,
};

/* Makes a cursor. directory_fd: taken over. follow: lines that are written later are of interest, too.
 * Returns 0, or negative errno, and then the descriptor is closed. */
int logcursor_new(int directory_fd, const struct logfilter *filter, bool follow, struct logcursor **cursor);
void logcursor_free(struct logcursor *cursor);

/* Leaves out all lines but the last `count`, or somewhat more, so that the first has a stamp. To be called
 * before the first line is taken. Returns 0 or negative errno. */
int logcursor_keep_last(struct logcursor *cursor, size_t count);

/* Begins again where the cursor began. Not to be called after logcursor_go_on(). Returns 0 or negative
 * errno. */
int logcursor_rewind(struct logcursor *cursor);

/* Takes the next line. With LOGCURSOR_GONE or LOGCURSOR_FAILED *result is the negative errno. */
enum logcursor_state logcursor_next(struct logcursor *cursor, struct logentry *entry, int *result);

/* From now on, a cursor that follows also reads what is written. Until this call it gives only the lines that
 * were there at the beginning, so that these have an end. */
void logcursor_go_on(struct logcursor *cursor);

/* Returns the descriptor of the directory, which stays the cursor's. */
int logcursor_directory(const struct logcursor *cursor);

#endif
