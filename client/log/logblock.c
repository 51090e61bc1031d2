/* SPDX-License-Identifier: ISC */
#include "client/log/logblock.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/utf8.h"

/* How many lines without a stamp are passed, looking for one that has a stamp. */
#define UNSTAMPED_MAX 1000

void logblock_init(struct logblock *block, const struct logfilter *filter)
{
        block->filter = *filter;
        logline_clock_init(&block->clock);
        logblock_reset(block);
}

void logblock_reset(struct logblock *block)
{
        block->at_usec = LOGENTRY_OLDEST;
        block->at_nsec = 0;
        block->begin = block->end = 0;
        logblock_end(block);
}

void logblock_end(struct logblock *block)
{
        block->dropping = false;
        block->begin = block->end;
}

/* What is left in the block is a part of one line, of LOGLINE_BYTES_MAX at most: so there is room. */
char *logblock_room(struct logblock *block, size_t *room)
{
        block->end -= block->begin;
        memmove(block->bytes, block->bytes + block->begin, block->end);
        block->begin = 0;
        memset(&block->search, 0, sizeof(block->search));
        *room = sizeof(block->bytes) - block->end;
        return block->bytes + block->end;
}

void logblock_add(struct logblock *block, size_t length)
{
        block->end += length;
}

static void note_time(struct logblock *block, const struct logline *line)
{
        if (line->at_usec < 0)
                return;
        block->at_usec = line->at_usec;
        block->at_nsec = line->at_nsec;
}

/* Notes the time of the last stamped line among those from begin up to a newline. */
static void note_last_time(struct logblock *block, const char *begin, const char *newline)
{
        while (newline >= begin) {
                const char *before = memrchr(begin, '\n', (size_t)(newline - begin));
                const char *line = before ? before + 1 : begin;
                struct logline parsed;

                logline_parse(&block->clock, line, (size_t)(newline - line), &parsed);
                note_time(block, &parsed);
                if (parsed.at_usec >= 0 || !before)
                        return;
                newline = before;
        }
}

/* Skips whole lines up to the first that may match. */
static void skip_lines(struct logblock *block)
{
        const char *begin = block->bytes + block->begin;
        const char *last = memrchr(begin, '\n', block->end - block->begin), *at, *to;

        if (!last)
                return;
        at = pattern_find(block->filter.pattern, &block->search, begin, last);
        to = at ? memrchr(begin, '\n', (size_t)(at - begin)) : last;
        if (!to)
                return;
        block->begin = (size_t)(to - block->bytes) + 1;
        if (at) {
                block->passed = begin;
                block->passed_end = to;
        } else {
                note_last_time(block, begin, to);
        }
}

/* Cuts the next line off the block. */
static bool cut_line(struct logblock *block, bool last, const char **line, size_t *length, bool *cut)
{
        const char *begin = block->bytes + block->begin;
        size_t there = block->end - block->begin;
        const char *newline = memchr(begin, '\n', there);
        size_t whole = newline ? (size_t)(newline - begin) : there;

        if (block->dropping) {
                block->begin += newline ? whole + 1 : whole;
                block->dropping = !newline;
                return newline && cut_line(block, last, line, length, cut);
        }
        if (!newline && whole <= LOGLINE_BYTES_MAX && !(last && whole > 0))
                return false;
        *line = begin;
        *cut = whole > LOGLINE_BYTES_MAX;
        *length = *cut ? utf8_cut(begin, LOGLINE_BYTES_MAX) : whole;
        block->dropping = !newline && *cut;
        block->begin += newline ? whole + 1 : whole;
        return true;
}

static bool is_wanted(const struct logblock *block, const struct logline *line)
{
        const struct logfilter *filter = &block->filter;

        return block->at_usec >= filter->since_usec && block->at_usec <= filter->until_usec &&
               (!filter->pattern || pattern_matches(filter->pattern, line->text, line->length));
}

bool logblock_take(struct logblock *block, bool last, struct logentry *entry)
{
        bool finds = block->filter.pattern && pattern_can_find(block->filter.pattern);
        const char *line;
        size_t length;

        for (;;) {
                block->passed = NULL;
                if (finds && !block->dropping)
                        skip_lines(block);
                if (!cut_line(block, last, &line, &length, &entry->cut))
                        return false;
                logline_parse(&block->clock, line, length, &entry->line);
                if (entry->line.at_usec < 0 && block->passed)
                        note_last_time(block, block->passed, block->passed_end);
                note_time(block, &entry->line);
                entry->at_usec = block->at_usec;
                entry->at_nsec = block->at_nsec;
                if (is_wanted(block, &entry->line))
                        return true;
        }
}

static bool has_stamp(struct logblock *block, int fd, off_t at)
{
        char bytes[LOGLINE_STAMP_BYTES + 1];
        ssize_t length = pread(fd, bytes, sizeof(bytes), at);
        struct logline line;

        if (length <= 0)
                return false;
        logline_parse(&block->clock, bytes, (size_t)length, &line);
        return line.at_usec >= 0;
}

/* A look back: how many lines are still to be found, and how many more were passed that have no stamp. */
struct back {
        size_t *count;
        size_t unstamped;
};

/* Whether the line that begins at that place is the first to be shown. */
static bool is_first(struct logblock *block, struct back *back, int fd, off_t at)
{
        if (*back->count > 1) {
                (*back->count)--;
                return false;
        }
        return has_stamp(block, fd, at) || back->unstamped++ == UNSTAMPED_MAX;
}

int logblock_find_last(struct logblock *block, int fd, size_t *count, off_t *begin)
{
        struct back back = {.count = count};
        struct stat status;
        off_t at;

        *begin = -1;
        if (fstat(fd, &status) < 0)
                return -errno;
        for (at = status.st_size; at > 0;) {
                size_t length = at < (off_t)sizeof(block->bytes) ? (size_t)at : sizeof(block->bytes);
                const char *newline = block->bytes + length;
                ssize_t there = pread(fd, block->bytes, length, at - (off_t)length);

                if (there < 0 && errno != EINTR)
                        return -errno;
                if (there < 0)
                        continue;
                memset(block->bytes + there, 0, length - (size_t)there); /* the file has become shorter */
                at -= (off_t)length;
                while ((newline = memrchr(block->bytes, '\n', (size_t)(newline - block->bytes)))) {
                        off_t line = at + (newline - block->bytes) + 1;

                        if (line < status.st_size && is_first(block, &back, fd, line)) {
                                *begin = line;
                                return 0;
                        }
                }
        }
        if (status.st_size > 0 && is_first(block, &back, fd, 0))
                *begin = 0;
        return 0;
}
