/* SPDX-License-Identifier: ISC */
#include "client/log/logwindow.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/log/home.h"
#include "client/log/logdir.h"
#include "client/log/logline.h"
#include "client/log/logreader.h"
#include "proto/utf8.h"

/* So much is read of the end of each of the newest files, at first. */
#define BEGIN_BYTES (64 * 1024)
#define BEGIN_FILES 2

struct logwindow {
        int directory_fd;
        int inotify_fd; /* -1: there is none */
        enum printable printable;
        struct logdir_file file; /* which is read; fd -1: there is none yet */
        struct logreader reader;
        struct logline_clock clock;
        bool skips; /* the next line has lost its begin */
        bool grown;
        bool memory_short;
        char *lines[LOGWINDOW_LINES]; /* a ring */
        size_t first, count;
};

/* The time alone, of a line of today. */
static const char *brief_stamp(const char *stamp)
{
        char today[sizeof("2026-11-23 ")];
        time_t now = time(NULL);
        struct tm local;

        if (!localtime_r(&now, &local) || strftime(today, sizeof(today), "%F ", &local) == 0)
                return stamp;
        return strncmp(stamp, today, strlen(today)) == 0 ? stamp + strlen(today) : stamp;
}

static void keep_line(struct logwindow *window, char *line)
{
        size_t place = (window->first + window->count) % LOGWINDOW_LINES;

        free(window->lines[place]);
        window->lines[place] = line;
        if (window->count < LOGWINDOW_LINES)
                window->count++;
        else
                window->first = (window->first + 1) % LOGWINDOW_LINES;
        window->grown = true;
}

static void take_line(void *context, const char *bytes, size_t length, bool cut)
{
        struct logwindow *window = context;
        char stamp[LOGLINE_STAMP_BYTES];
        struct logline line;
        char *text, *made = NULL;

        if (window->skips) {
                window->skips = false;
                return;
        }
        logline_parse(&window->clock, bytes, length, &line);
        logline_stamp(&line, stamp);
        if (line.length > LOGWINDOW_LINE_BYTES) {
                cut = true;
                line.length = utf8_cut(line.text, LOGWINDOW_LINE_BYTES);
        }
        text = printable_line(line.text, line.length, window->printable);
        for (char *tab = text; tab && (tab = strchr(tab, '\t'));)
                *tab = ' ';
        if (text && asprintf(&made, "%s%s%s%s", brief_stamp(stamp), *stamp ? "  " : "", text,
                             cut ? " [cut]" : "") < 0)
                made = NULL;
        free(text);
        if (made)
                keep_line(window, made);
        else
                window->memory_short = true;
}

/* By the descriptor, so that it is the directory that was opened, whatever has its name now. */
static void begin_watch(struct logwindow *window)
{
        char path[64];

        window->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", window->directory_fd);
        if (window->inotify_fd >= 0 &&
            inotify_add_watch(window->inotify_fd, path,
                              IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF) < 0) {
                close(window->inotify_fd);
                window->inotify_fd = -1;
        }
}

int logwindow_open(const char *directory, enum printable printable, struct logwindow **window)
{
        struct logwindow *made = calloc(1, sizeof(*made));
        int fd = made ? home_open_log(directory) : -ENOMEM;

        if (fd < 0) {
                free(made);
                return fd;
        }
        made->directory_fd = fd;
        made->file.fd = -1;
        made->printable = printable;
        made->reader.line = take_line;
        made->reader.context = made;
        logline_clock_init(&made->clock);
        begin_watch(made);
        *window = made;
        return 0;
}

void logwindow_close(struct logwindow *window)
{
        if (!window)
                return;
        for (size_t i = 0; i < LOGWINDOW_LINES; i++)
                free(window->lines[i]);
        if (window->inotify_fd >= 0)
                close(window->inotify_fd);
        if (window->file.fd >= 0)
                close(window->file.fd);
        close(window->directory_fd);
        free(window);
}

/* Events only say that there is something to look at. */
static void drop_events(const struct logwindow *window)
{
        char events[4096];

        while (window->inotify_fd >= 0 && read(window->inotify_fd, events, sizeof(events)) > 0)
                ;
}

/* Reads a file to its end, from its own; only its last part where all of it is not asked for. */
static int read_file(struct logwindow *window, int fd, bool whole)
{
        struct stat status;
        off_t from = 0;

        if (!whole && fstat(fd, &status) == 0 && status.st_size > BEGIN_BYTES)
                from = status.st_size - BEGIN_BYTES;
        if (lseek(fd, from, SEEK_SET) < 0)
                return -errno;
        logreader_end(&window->reader);
        window->skips = from > 0;
        return logreader_read(&window->reader, fd);
}

/* Returns which of the files comes next: behind the one that was read, or the newest ones. */
static size_t next_of(const struct logwindow *window, const struct logdir *logdir, bool *whole)
{
        for (size_t i = 0; window->file.fd >= 0 && i < logdir->count; i++) {
                if (logdir_is_same(&window->file, &logdir->files[i])) {
                        *whole = true;
                        return i + 1;
                }
        }
        *whole = false;
        return logdir->count > BEGIN_FILES ? logdir->count - BEGIN_FILES : 0;
}

/* Takes the last file as the one that is read from now on. */
static void take_file(struct logwindow *window, struct logdir_file *file)
{
        int fd = window->file.fd;

        window->file = *file;
        file->fd = fd;
}

/* The one that was read stays open until the next are, so that its inode cannot have become another's. */
static int go_on(struct logwindow *window)
{
        struct logdir *next = calloc(1, sizeof(*next));
        int result = next ? logdir_open(window->directory_fd, next) : -ENOMEM;
        size_t place;
        bool whole;

        if (result < 0) {
                free(next);
                return result;
        }
        /* What was written to it before it was put aside. */
        if (window->file.fd >= 0)
                result = logreader_read(&window->reader, window->file.fd);
        place = next_of(window, next, &whole);
        for (size_t i = place; i < next->count && result == 0; i++)
                result = read_file(window, next->files[i].fd, whole);
        if (result == 0 && place < next->count)
                take_file(window, &next->files[next->count - 1]);
        for (size_t i = 0; i < next->count; i++)
                if (next->files[i].fd < 0)
                        next->files[i] = next->files[--next->count];
        logdir_close(next);
        free(next);
        return result;
}

int logwindow_look(struct logwindow *window)
{
        struct stat status;
        int result = 0;

        drop_events(window);
        window->grown = false;
        if (window->file.fd >= 0)
                result = logreader_read(&window->reader, window->file.fd);
        if (result == 0 && (fstat(window->directory_fd, &status) < 0 || status.st_nlink == 0))
                result = -ENOENT;
        if (result == 0 && (window->file.fd < 0 || logdir_is_stale(window->directory_fd, &window->file)))
                result = go_on(window);
        if (result < 0 || window->memory_short)
                return result < 0 ? result : -ENOMEM;
        return window->grown;
}

int logwindow_fd(const struct logwindow *window)
{
        return window->inotify_fd;
}

size_t logwindow_count(const struct logwindow *window)
{
        return window->count;
}

const char *logwindow_line(const struct logwindow *window, size_t place)
{
        return window->lines[(window->first + place) % LOGWINDOW_LINES];
}
