/* SPDX-License-Identifier: ISC */
#include "client/log/logmerge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "client/lib/clock.h"
#include "client/log/home.h"

/* How often logs are looked at without an event: some file systems tell of none, and inotify may have no
 * room. */
#define LOOK_MSEC 2000

#define EVENTS (IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF | IN_ONLYDIR)

struct source {
        char *name, *directory;
        bool waits;
        int64_t missed_usec;      /* UTC: when its directory was not there yet; INT64_MAX: it always was */
        struct logcursor *cursor; /* NULL: the log is lost, or its directory is not there now */
        int watch;                /* -1: none */
        bool look;                /* there may be something to read */
        bool has_entry;
        struct logentry entry;
};

struct logmerge {
        struct logfilter filter;
        bool follow, live;
        int64_t live_usec; /* since when the merge is live */
        int inotify_fd;    /* -1: none was to be had, or none is needed */
        int64_t looked_msec;
        logmerge_loss *loss;
        void *context;
        struct source *sources;
        size_t count, capacity;
        struct source
                *last; /* gave the last line; all others have their next, or none. NULL: all must be asked */
        struct source *second; /* the first of the others: next, unless last is before it; NULL: none */
};

int logmerge_new(const struct logfilter *filter, bool follow, logmerge_loss *loss, void *context,
                 struct logmerge **merge)
{
        struct logmerge *made = calloc(1, sizeof(*made));

        if (!made)
                return -ENOMEM;
        made->filter = *filter;
        made->follow = follow;
        made->loss = loss;
        made->context = context;
        made->inotify_fd = follow ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;
        *merge = made;
        return 0;
}

static void close_source(struct logmerge *merge, struct source *source)
{
        if (source->watch >= 0)
                inotify_rm_watch(merge->inotify_fd, source->watch);
        source->watch = -1;
        logcursor_free(source->cursor);
        source->cursor = NULL;
        source->has_entry = false;
        merge->last = NULL;
}

void logmerge_free(struct logmerge *merge)
{
        if (!merge)
                return;
        for (size_t i = 0; i < merge->count; i++) {
                close_source(merge, &merge->sources[i]);
                free(merge->sources[i].name);
                free(merge->sources[i].directory);
        }
        if (merge->inotify_fd >= 0)
                close(merge->inotify_fd);
        free(merge->sources);
        free(merge);
}

static int64_t now_usec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Since when lines are taken of a log that is opened while the merge is live. All of them are new to it where it was
 * missing before that. */
static int64_t live_since_usec(const struct logmerge *merge, const struct source *source)
{
        return source->missed_usec < merge->live_usec ? source->missed_usec : merge->live_usec;
}

/* Watches a log's directory, before the first look at it, to miss nothing; by its descriptor, so that this is
 * the directory that was opened, whatever has its name now. */
static void watch(const struct logmerge *merge, struct source *source, int directory_fd)
{
        char path[64];

        if (merge->inotify_fd < 0)
                return;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", directory_fd);
        source->watch = inotify_add_watch(merge->inotify_fd, path, EVENTS);
}

static int open_source(struct logmerge *merge, struct source *source)
{
        struct logfilter filter = merge->filter;
        int fd = home_open_log(source->directory), result;

        if (fd < 0)
                return fd;
        if (merge->live && filter.since_usec < live_since_usec(merge, source))
                filter.since_usec = live_since_usec(merge, source);
        watch(merge, source, fd);
        result = logcursor_new(fd, &filter, merge->follow, &source->cursor);
        if (result < 0) {
                source->cursor = NULL;
                close_source(merge, source);
                return result;
        }
        if (merge->live)
                logcursor_go_on(source->cursor);
        source->look = true;
        merge->last = NULL;
        return 0;
}

static struct source *make_room(struct logmerge *merge)
{
        size_t capacity = merge->capacity ? merge->capacity * 2 : 16;
        struct source *sources;

        if (merge->count < merge->capacity)
                return &merge->sources[merge->count];
        merge->last = NULL;
        sources = reallocarray(merge->sources, capacity, sizeof(*sources));
        if (!sources)
                return NULL;
        merge->sources = sources;
        merge->capacity = capacity;
        return &sources[merge->count];
}

int logmerge_add(struct logmerge *merge, const char *name, const char *directory, bool waits)
{
        struct source *source = make_room(merge);
        int64_t before_usec = now_usec();
        int result = -ENOMEM;

        if (!source)
                return result;
        *source = (struct source){.name = strdup(name),
                                  .directory = strdup(directory),
                                  .waits = waits,
                                  .missed_usec = INT64_MAX,
                                  .watch = -1};
        if (source->name && source->directory)
                result = open_source(merge, source);
        if (result == -ENOENT)
                source->missed_usec = before_usec;
        if (result == 0 || (result == -ENOENT && waits)) {
                merge->count++;
                return 0;
        }
        free(source->name);
        free(source->directory);
        return result;
}

bool logmerge_has(const struct logmerge *merge, const char *name)
{
        for (size_t i = 0; i < merge->count; i++)
                if (strcmp(merge->sources[i].name, name) == 0)
                        return true;
        return false;
}

size_t logmerge_count(const struct logmerge *merge)
{
        size_t count = 0;

        for (size_t i = 0; i < merge->count; i++)
                count += merge->sources[i].cursor || merge->sources[i].waits;
        return count;
}

static void lose(struct logmerge *merge, struct source *source, int result)
{
        close_source(merge, source);
        source->waits = source->waits && result == -ENOENT;
        merge->loss(merge->context, source->name, source->directory, result);
}

void logmerge_keep_last(struct logmerge *merge, size_t count)
{
        for (size_t i = 0; i < merge->count; i++) {
                struct source *source = &merge->sources[i];
                int result = source->cursor ? logcursor_keep_last(source->cursor, count) : 0;

                if (result < 0)
                        lose(merge, source, result);
        }
}

void logmerge_rewind(struct logmerge *merge)
{
        merge->last = NULL;
        for (size_t i = 0; i < merge->count; i++) {
                struct source *source = &merge->sources[i];
                int result = source->cursor ? logcursor_rewind(source->cursor) : 0;

                source->has_entry = false;
                source->look = true;
                if (result < 0)
                        lose(merge, source, result);
        }
}

/* Asks a log for its next line. Returns false if it is not known yet whether there is one. */
static bool ask(struct logmerge *merge, struct source *source)
{
        int result = 0;

        if (source->has_entry || !source->cursor || !source->look)
                return true;
        switch (logcursor_next(source->cursor, &source->entry, &result)) {
        case LOGCURSOR_LINE:
                source->has_entry = true;
                return true;
        case LOGCURSOR_END:
                source->look = false;
                return true;
        case LOGCURSOR_BUSY:
                return false;
        case LOGCURSOR_GONE:
        case LOGCURSOR_FAILED:
                lose(merge, source, result);
                return true;
        }
        return true;
}

static bool ask_all(struct logmerge *merge)
{
        bool known = true;

        for (size_t i = 0; i < merge->count; i++)
                known = ask(merge, &merge->sources[i]) && known;
        return known;
}

/* Whether one log's line comes before the other's. At the same time the log that was added first comes first,
 * which the array's order tells. NULL is behind all. */
static bool is_before(const struct source *one, const struct source *other)
{
        if (!one || !other)
                return one;
        if (one->entry.at_usec != other->entry.at_usec)
                return one->entry.at_usec < other->entry.at_usec;
        if (one->entry.at_nsec != other->entry.at_nsec)
                return one->entry.at_nsec < other->entry.at_nsec;
        return one < other;
}

static struct source *find_first(struct logmerge *merge)
{
        struct source *first = NULL, *second = NULL;

        for (size_t i = 0; i < merge->count; i++) {
                struct source *source = &merge->sources[i];

                if (!source->has_entry)
                        continue;
                if (is_before(source, first)) {
                        second = first;
                        first = source;
                } else if (is_before(source, second)) {
                        second = source;
                }
        }
        merge->second = second;
        return first;
}

enum logmerge_turn logmerge_next(struct logmerge *merge, struct logmerge_entry *entry)
{
        struct source *source = merge->last;

        if (!(source ? ask(merge, source) : ask_all(merge)))
                return LOGMERGE_BUSY;
        /* Mostly the log that gave the last line gives this one, too. */
        if (!source || !merge->last || !source->has_entry || !is_before(source, merge->second))
                source = find_first(merge);
        merge->last = source;
        if (!source)
                return LOGMERGE_END;
        source->has_entry = false;
        *entry = (struct logmerge_entry){
                .name = source->name, .number = (size_t)(source - merge->sources), .entry = source->entry};
        return LOGMERGE_LINE;
}

void logmerge_go_on(struct logmerge *merge)
{
        merge->live_usec = now_usec();
        merge->live = true;
        merge->last = NULL;
        for (size_t i = 0; i < merge->count; i++) {
                if (merge->sources[i].cursor)
                        logcursor_go_on(merge->sources[i].cursor);
                merge->sources[i].look = true;
        }
}

static void note_event(struct logmerge *merge, const struct inotify_event *event)
{
        for (size_t i = 0; i < merge->count; i++)
                if (event->mask & IN_Q_OVERFLOW || merge->sources[i].watch == event->wd)
                        merge->sources[i].look = true;
}

/* Events only say that there is something to look at. */
static void take_events(struct logmerge *merge)
{
        _Alignas(struct inotify_event) char events[4096];
        ssize_t length;

        while (merge->inotify_fd >= 0 && (length = read(merge->inotify_fd, events, sizeof(events))) > 0)
                for (const char *at = events; at < events + length;
                     at += sizeof(struct inotify_event) + ((const struct inotify_event *)at)->len)
                        note_event(merge, (const struct inotify_event *)at);
}

static void look_at_all(struct logmerge *merge)
{
        for (size_t i = 0; i < merge->count; i++) {
                struct source *source = &merge->sources[i];
                int result;

                source->look = true;
                if (source->cursor || !source->waits)
                        continue;
                result = open_source(merge, source);
                if (result < 0 && result != -ENOENT)
                        lose(merge, source, result);
        }
        merge->looked_msec = clock_now_msec();
}

void logmerge_look(struct logmerge *merge)
{
        merge->last = NULL;
        take_events(merge);
        if (clock_left_msec(merge->looked_msec + LOOK_MSEC) == 0)
                look_at_all(merge);
}

int logmerge_fd(const struct logmerge *merge)
{
        return merge->inotify_fd;
}

int logmerge_patience_msec(const struct logmerge *merge)
{
        return clock_left_msec(merge->looked_msec + LOOK_MSEC);
}
