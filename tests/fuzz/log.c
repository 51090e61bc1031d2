/* SPDX-License-Identifier: ISC */
/*
 * The lines of s6-log as svcctl reads them: a gateway wrote them, or whoever may write the file. The first byte says how often the
 * rest is there, so that lines longer than any bound are met.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/log/logcursor.h"
#include "client/log/logline.h"
#include "client/log/logtail.h"

#include "shown.h"

#define FILE_BYTES_MOST (80 * 1024) /* more than the longest line, and than what a page looks at */

struct taken {
        struct logline_clock clock;
        const char *bytes; /* of the file, from the line on that is taken next */
        size_t left;
        enum printable printable;
        size_t lines;
};

static void check_line(struct taken *taken, const char *line, size_t length)
{
        char stamp[LOGLINE_STAMP_BYTES], *shown;
        struct logline parsed;

        logline_parse(&taken->clock, line, length, &parsed);
        must(parsed.at_usec >= -1 && parsed.text >= line && parsed.text + parsed.length == line + length);
        must(parsed.at_usec >= 0 || parsed.length == length);
        must(strlen(logline_stamp(&parsed, stamp)) < sizeof(stamp));
        must(parsed.at_usec >= 0 || !*stamp);
        shown = printable_line(parsed.text, parsed.length, taken->printable);
        must(shown);
        check_shown(shown, strlen(shown), taken->printable, true, false);
        must(!strchr(shown, '\n'));
        free(shown);
}

/* Every line is the next one of the file. */
static void take(struct taken *taken, const struct logentry *entry)
{
        const char *newline = memchr(taken->bytes, '\n', taken->left);
        size_t whole = newline ? (size_t)(newline - taken->bytes) : taken->left, length = whole;
        struct logline expected;

        must(entry->cut == (whole > LOGLINE_BYTES_MAX));
        if (entry->cut)
                length = utf8_cut(taken->bytes, LOGLINE_BYTES_MAX);
        logline_parse(&taken->clock, taken->bytes, length, &expected);
        must(entry->line.at_usec == expected.at_usec && entry->line.length == expected.length);
        must(memcmp(entry->line.text, expected.text, expected.length) == 0);
        must(expected.at_usec < 0 || entry->at_usec == expected.at_usec);
        check_line(taken, taken->bytes, length);
        whole += newline != NULL;
        taken->bytes += whole;
        taken->left -= whole;
        taken->lines++;
}

static void take_all(struct taken *taken, struct logcursor *cursor)
{
        struct logentry entry;
        int result;

        while (logcursor_next(cursor, &entry, &result) == LOGCURSOR_LINE)
                take(taken, &entry);
}

static struct logcursor *open_cursor(bool follow)
{
        int fd = open(fuzz_directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct logfilter filter = LOGFILTER_ALL;
        struct logcursor *cursor = NULL;

        must(fd >= 0 && logcursor_new(fd, &filter, follow, &cursor) == 0);
        return cursor;
}

/* Followed while it is written, and read when it is there; then its last lines. */
static void check_cursor(const char *bytes, size_t length, size_t first, enum printable printable)
{
        struct taken taken = {.bytes = bytes, .left = length, .printable = printable}, whole = taken;
        struct logcursor *cursor;
        char path[128];
        size_t lines;

        snprintf(path, sizeof(path), "%s/previous", fuzz_directory());
        unlink(path);
        snprintf(path, sizeof(path), "%s/current", fuzz_directory());
        fuzz_write(path, bytes, first);
        logline_clock_init(&taken.clock);
        cursor = open_cursor(true);
        take_all(&taken, cursor);
        fuzz_write(path, bytes, length);
        logcursor_go_on(cursor);
        take_all(&taken, cursor);
        logcursor_free(cursor);
        must(!memchr(taken.bytes, '\n', taken.left) && taken.left <= LOGLINE_BYTES_MAX);

        logline_clock_init(&whole.clock);
        cursor = open_cursor(false);
        take_all(&whole, cursor);
        logcursor_free(cursor);
        must(whole.left == 0);

        lines = whole.lines;
        cursor = open_cursor(false);
        must(logcursor_keep_last(cursor, lines / 2 + 1) == 0);
        for (whole.lines = 0; whole.lines <= lines; whole.lines++) {
                struct logentry entry;
                int result;

                if (logcursor_next(cursor, &entry, &result) != LOGCURSOR_LINE)
                        break;
        }
        must(whole.lines <= lines && whole.lines >= (lines < lines / 2 + 1 ? lines : lines / 2 + 1));
        logcursor_free(cursor);
}

/* The end of a log directory, as a page shows it. */
static void check_tail(const char *bytes, size_t length, size_t first, enum printable printable)
{
        char path[128];
        struct logtail tail;

        snprintf(path, sizeof(path), "%s/previous", fuzz_directory());
        fuzz_write(path, bytes, first);
        snprintf(path, sizeof(path), "%s/current", fuzz_directory());
        fuzz_write(path, bytes + first, length - first);
        must(logtail_init(&tail, fuzz_directory(), printable) == 0);
        must(tail.count <= LOGTAIL_LINES && (tail.count > 0) == (length > 0));
        for (size_t i = 0; i < tail.count; i++) {
                check_shown(tail.lines[i], strlen(tail.lines[i]), printable, false, false);
                must(!strchr(tail.lines[i], '\n'));
        }
        logtail_deinit(&tail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        enum printable printable;
        size_t times, length;
        char *bytes;

        if (size < 3)
                return -1;
        printable = data[0] % 3 == 0 ? PRINTABLE_ASCII : data[0] % 3 == 1 ? PRINTABLE_UTF8 : PRINTABLE_BYTES;
        times = data[1] < 240 ? 1 : (size_t)1 << (data[1] % 16);
        length = (size - 2) * times;
        if (length > FILE_BYTES_MOST)
                return -1;
        bytes = malloc(length);
        must(bytes);
        for (size_t i = 0; i < times; i++)
                memcpy(bytes + i * (size - 2), data + 2, size - 2);
        check_cursor(bytes, length, data[1] * length / 256, printable);
        check_tail(bytes, length, data[1] * length / 256, printable);
        free(bytes);
        return 0;
}
