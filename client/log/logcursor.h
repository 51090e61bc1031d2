/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGCURSOR_H
#define CLIENT_LOG_LOGCURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/log/logline.h"

struct pattern;

/*
 * The lines of one log directory, one after the other, the oldest first: of the files that were put aside, of
 * current, and, where it follows, of what comes after. Never waits; its memory is what it has at the beginning.
 */
struct logcursor;

/* Which of the lines. A line without a stamp has the time of the one before; the first ones, where none is before,
 * are older than all. */
struct logfilter {
        struct pattern *pattern; /* NULL: all; not owned */
        int64_t since_usec;      /* LOGFILTER_ALWAYS: all; and those of then */
        int64_t until_usec;      /* LOGFILTER_FOR_EVER: all; and those of then */
};

#define LOGFILTER_ALWAYS INT64_MIN
#define LOGFILTER_FOR_EVER INT64_MAX
#define LOGFILTER_ALL ((struct logfilter){.since_usec = LOGFILTER_ALWAYS, .until_usec = LOGFILTER_FOR_EVER})

struct logentry {
        struct logline line; /* points into the cursor's own room, until the next one is taken */
        bool cut;            /* it is longer than LOGLINE_BYTES_MAX */
        int64_t at_usec;     /* its own time, or that of the line before; LOGENTRY_OLDEST: none is before */
        int at_nsec;
};

#define LOGENTRY_OLDEST INT64_MIN

/* So much is read in one go, before the caller has its turn. */
#define LOGCURSOR_TURN_BYTES (8 * 1024 * 1024)

enum logcursor_state {
        LOGCURSOR_LINE,
        LOGCURSOR_END,  /* there is no more of it, or not now */
        LOGCURSOR_BUSY, /* no line yet, but more to read */
        LOGCURSOR_GONE, /* the directory is */
        LOGCURSOR_FAILED,
};

/* directory_fd: taken over. follow: what is behind the lines that there are now is of interest, too. 0, or
 * negative errno, and the descriptor is closed. */
int logcursor_new(int directory_fd, const struct logfilter *filter, bool follow, struct logcursor **cursor);
void logcursor_free(struct logcursor *cursor);

/* Leaves out lines at the beginning, but for the last `count`, or somewhat more: what then comes first has a
 * stamp. Before the first line is taken. */
int logcursor_keep_last(struct logcursor *cursor, size_t count);

/* Begins anew, where it did. Not after logcursor_go_on(). */
int logcursor_rewind(struct logcursor *cursor);

/* LOGCURSOR_FAILED: *result has the negative errno. */
enum logcursor_state logcursor_next(struct logcursor *cursor, struct logentry *entry, int *result);

/* From now on what is written is read. One that follows waits with that, so that its first lines have an end. */
void logcursor_go_on(struct logcursor *cursor);

/* Returns the descriptor of the directory, which stays the cursor's. */
int logcursor_directory(const struct logcursor *cursor);

#endif
