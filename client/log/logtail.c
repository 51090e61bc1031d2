/* SPDX-License-Identifier: ISC */
#include "client/log/logtail.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/log/home.h"
#include "client/log/logdir.h"
#include "client/log/logline.h"
#include "proto/utf8.h"

/* Reads the end of a file, at most LOGTAIL_BYTES. *whole: that is all of it. Returns how much, or negative
 * errno. */
static ssize_t read_end(int fd, char *bytes, bool *whole)
{
        struct stat status;
        size_t length = 0;
        off_t from;

        if (fstat(fd, &status) < 0)
                return -errno;
        from = status.st_size > LOGTAIL_BYTES ? status.st_size - LOGTAIL_BYTES : 0;
        *whole = from == 0;
        while (length < LOGTAIL_BYTES) {
                ssize_t part = pread(fd, bytes + length, LOGTAIL_BYTES - length, from + (off_t)length);

                if (part < 0 && errno == EINTR)
                        continue;
                if (part < 0)
                        return -errno;
                if (part == 0)
                        break;
                length += (size_t)part;
        }
        return (ssize_t)length;
}

/* Returns a line as it is shown, with its time: free() it. NULL when out of memory. */
static char *line_text(struct logline_clock *clock, const char *bytes, size_t length,
                       enum printable printable)
{
        char stamp[LOGLINE_STAMP_BYTES];
        struct logline line;
        char *text, *made = NULL;

        logline_parse(clock, bytes, length, &line);
        text = printable_line(line.text, line.length, printable);
        for (char *tab = text; tab && (tab = strchr(tab, '\t'));)
                *tab = ' ';
        logline_stamp(&line, stamp);
        if (text && asprintf(&made, "%s%s%s", stamp, *stamp ? "  " : "", text) < 0)
                made = NULL;
        free(text);
        return made;
}

/* Puts the lines of what was read in front of those that are there, beginning with the last. */
static int take_lines(struct logtail *tail, struct logline_clock *clock, const char *bytes, size_t length,
                      bool whole, enum printable printable)
{
        while (length > 0 && tail->count < LOGTAIL_LINES) {
                size_t end = bytes[length - 1] == '\n' ? length - 1 : length;
                const char *before = memrchr(bytes, '\n', end);
                size_t begin = before ? (size_t)(before - bytes) + 1 : 0;
                char *text;

                /* The first line may have begun before what was read; it is shown if it is the only one. */
                if (!before && !whole && tail->count > 0)
                        return 0;
                if (!before && !whole)
                        begin = utf8_skip(bytes, end);
                text = line_text(clock, bytes + begin, end - begin, printable);
                if (!text)
                        return -ENOMEM;
                memmove(tail->lines + 1, tail->lines, tail->count * sizeof(*tail->lines));
                tail->lines[0] = text;
                tail->count++;
                length = begin;
        }
        return 0;
}

static int read_files(struct logtail *tail, const struct logdir *logdir, char *bytes,
                      enum printable printable)
{
        struct logline_clock clock;
        size_t files = logdir->count < 2 ? logdir->count : 2;
        int result = 0;
        bool whole = true;

        logline_clock_init(&clock);
        /* If a file was not read whole, there would be a gap between it and the file before it. */
        for (size_t i = 0; i < files && tail->count < LOGTAIL_LINES && whole && result == 0; i++) {
                ssize_t length = read_end(logdir->files[logdir->count - 1 - i].fd, bytes, &whole);

                if (length < 0)
                        result = (int)length;
                else
                        result = take_lines(tail, &clock, bytes, (size_t)length, whole, printable);
        }
        return result;
}

int logtail_init(struct logtail *tail, const char *directory, enum printable printable)
{
        struct logtail made = {0};
        struct logdir *logdir = malloc(sizeof(*logdir));
        char *bytes = malloc(LOGTAIL_BYTES);
        int fd = home_open_log(directory);
        int result = fd < 0 ? fd : 0;

        if (!logdir || !bytes)
                result = -ENOMEM;
        if (result == 0)
                result = logdir_open(fd, logdir);
        if (result == 0) {
                result = read_files(&made, logdir, bytes, printable);
                logdir_close(logdir);
        }
        if (fd >= 0)
                close(fd);
        free(bytes);
        free(logdir);
        if (result == 0)
                *tail = made;
        else
                logtail_deinit(&made);
        return result;
}

void logtail_deinit(struct logtail *tail)
{
        for (size_t i = 0; i < tail->count; i++)
                free(tail->lines[i]);
        tail->count = 0;
}
