/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGMERGE_H
#define CLIENT_LOG_LOGMERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/log/logcursor.h"

/*
 * The lines of several logs as one: sorted by time; of the same time, in the order in which the logs were added;
 * and those of one log as
 * they stand there, whatever their stamps say. Never waits: whoever follows takes what there is, and polls for more.
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
        LOGMERGE_END,  /* there are no more, or not now */
        LOGMERGE_BUSY, /* no line yet, but more to read: ask again when all else is done */
};

struct logmerge_entry {
        const char *name;
        size_t number; /* of the log, from 0 in the order in which they were added */
        struct logentry entry;
};

/* A log is not read any more: its directory is gone (-ENOENT), or what else was wrong with it. */
typedef void logmerge_loss(void *context, const char *name, const char *directory, int result);

/* 0 or -ENOMEM. loss: of those that follow and wait, too. */
int logmerge_new(const struct logfilter *filter, bool follow, logmerge_loss *loss, void *context,
                 struct logmerge **merge);
void logmerge_free(struct logmerge *merge);

/*
 * Opens a log. waits: a directory that is not there, or goes, is waited for. Of a log that comes when the merge
 * goes on already, and of a directory that was waited for, lines from that time on are taken, and none that are
 * older. 0 or negative errno.
 */
int logmerge_add(struct logmerge *merge, const char *name, const char *directory, bool waits);

/* Is there one of that name? */
bool logmerge_has(const struct logmerge *merge, const char *name);

/* How many logs are read, or waited for. */
size_t logmerge_count(const struct logmerge *merge);

/* As logcursor_keep_last() and logcursor_rewind(), of each; the same goes for when. */
void logmerge_keep_last(struct logmerge *merge, size_t count);
void logmerge_rewind(struct logmerge *merge);

/* The entry points into the merge, until the next one is taken. */
enum logmerge_turn logmerge_next(struct logmerge *merge, struct logmerge_entry *entry);

/* From now on what is written is taken, too. */
void logmerge_go_on(struct logmerge *merge);

/* To be called when logmerge_fd() can be read, or logmerge_patience_msec() is over. -1: there is no descriptor. */
void logmerge_look(struct logmerge *merge);
int logmerge_fd(const struct logmerge *merge);
int logmerge_patience_msec(const struct logmerge *merge);

#endif
