/* SPDX-License-Identifier: ISC */
/*
 * The lines of s6-log as svcctl reads them: a gateway wrote them, or whoever may write the file. The first byte says how often the
 * rest is there, so that lines longer than any bound are met.
 */
#include <sys/mman.h>

#include "client/log/logline.h"
#include "client/log/logreader.h"
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
static void take(void *context, const char *line, size_t length, bool cut)
{
        struct taken *taken = context;
        const char *newline = memchr(taken->bytes, '\n', taken->left);
        size_t whole = newline ? (size_t)(newline - taken->bytes) : taken->left;

        must(length <= LOGLINE_BYTES_MAX && memcmp(line, taken->bytes, length) == 0);
        must(cut ? length < whole : length == whole);
        must(!cut || length + UTF8_BYTES_MAX > LOGLINE_BYTES_MAX);
        whole += newline != NULL;
        taken->bytes += whole;
        taken->left -= whole;
        taken->lines++;
        check_line(taken, line, length);
}

static void check_reader(const char *bytes, size_t length, size_t first, enum printable printable)
{
        struct taken taken = {.bytes = bytes, .left = length, .printable = printable};
        struct logreader *reader = calloc(1, sizeof(*reader));
        int fd = memfd_create("log", MFD_CLOEXEC);

        must(reader && fd >= 0);
        *reader = (struct logreader){.line = take, .context = &taken};
        logline_clock_init(&taken.clock);
        must(pwrite(fd, bytes, first, 0) == (ssize_t)first);
        must(logreader_read(reader, fd) == 0);
        must(pwrite(fd, bytes + first, length - first, (off_t)first) == (ssize_t)(length - first));
        must(logreader_read(reader, fd) == 0);
        logreader_end(reader);
        must(taken.left == 0);
        close(fd);
        free(reader);
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
        check_reader(bytes, length, data[1] * length / 256, printable);
        check_tail(bytes, length, data[1] * length / 256, printable);
        free(bytes);
        return 0;
}
