/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGMERGE_H
#define CLIENT_LOG_LOGMERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/log/logcursor.h"

/*
 * A merge gives the lines of several logs as those of one: sorted by time, lines of the same time in the
 * order in which their logs were added, and the lines of one log as they stand there, whatever their stamps
 * say. It never waits: a caller that follows takes what there is, and polls for more.
 *
 *         logmerge_new(&filter, true, &merge);
 *         logmerge_add(merge, name, directory, false);
 *         logmerge_keep_last(merge, 10);
 *         while ((turn = logmerge_next(merge, &entry)) != LOGMERGE_END) ...
 *         logmerge_go_on(merge);
 *         for (;;) {
 *                 poll() for POLLIN on logmerge_fd(merge), no longer than logmerge_patience_msec(merge);
 *                 logmerge_look(merge);
 *                 while (logmerge_next(merge, &entry) == LOGMERGE_LINE) ...
 *         }
 */
struct logmerge;

enum logmerge_turn {
        LOGMERGE_LINE,
        LOGMERGE_END,  /* there are no more lines, or none for now */
        LOGMERGE_BUSY, /* no line yet, but there is more to read: ask again when all else is done */
};

struct logmerge_entry {
        const char *name;
        size_t number; /* the log's, from 0, in the order in which logs were added */
        struct logentry entry;
};

/* Called when a log can no longer be read: result is -ENOENT if its directory is gone, or another negative
 * errno. */
typedef void logmerge_loss(void *context, const char *name, const char *directory, int result);

/* Makes a merge without logs. follow: lines that are written later are of interest, too. loss: also called
 * for logs that are then waited for. Returns 0 or -ENOMEM. */
int logmerge_new(const struct logfilter *filter, bool follow, logmerge_loss *loss, void *context,
                 struct logmerge **merge);
void logmerge_free(struct logmerge *merge);

/*
 * Opens a log. waits: a directory that is missing, or is removed later, is waited for. If a log or its
 * directory comes only after logmerge_go_on(), no lines are taken from before that call, or, where it was missing
 * when it was added, from before that. Returns 0 or negative errno.
 */
int logmerge_add(struct logmerge *merge, const char *name, const char *directory, bool waits);

/* Whether a log of that name was added. */
bool logmerge_has(const struct logmerge *merge, const char *name);

/* How many logs are read, or waited for. */
size_t logmerge_count(const struct logmerge *merge);

/* Do what logcursor_keep_last() and logcursor_rewind() do, for each log; they may be called when those
 * may. */
void logmerge_keep_last(struct logmerge *merge, size_t count);
void logmerge_rewind(struct logmerge *merge);

/* Takes the next line. The entry points into the merge, and is valid until the next one is taken. */
enum logmerge_turn logmerge_next(struct logmerge *merge, struct logmerge_entry *entry);

/* From now on, a merge that follows also takes what is written. */
void logmerge_go_on(struct logmerge *merge);

/* Looks for new lines; to be called when logmerge_fd() can be read (-1: there is no descriptor), or when
 * logmerge_patience_msec() is over. */
void logmerge_look(struct logmerge *merge);
int logmerge_fd(const struct logmerge *merge);
int logmerge_patience_msec(const struct logmerge *merge);

#endif
