/* SPDX-License-Identifier: ISC */
#include "client/log/logreader.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/utf8.h"

#define READ_BYTES (64 * 1024)

static void append(struct logreader *reader, const char *bytes, size_t length)
{
        size_t room = sizeof(reader->bytes) - reader->length;

        if (length > room) {
                reader->cut = true;
                length = room;
        }
        memcpy(reader->bytes + reader->length, bytes, length);
        reader->length += length;
}

static void end_line(struct logreader *reader)
{
        if (reader->cut)
                reader->length = utf8_cut(reader->bytes, reader->length);
        reader->line(reader->context, reader->bytes, reader->length, reader->cut);
        reader->length = 0;
        reader->cut = false;
}

void logreader_end(struct logreader *reader)
{
        if (reader->length > 0)
                end_line(reader);
}

static void take(struct logreader *reader, const char *bytes, size_t length)
{
        while (length > 0) {
                const char *newline = memchr(bytes, '\n', length);
                size_t part = newline ? (size_t)(newline - bytes) : length;

                append(reader, bytes, part);
                if (!newline)
                        return;
                end_line(reader);
                bytes += part + 1;
                length -= part + 1;
        }
}

int logreader_read(struct logreader *reader, int fd)
{
        char bytes[READ_BYTES];
        struct stat status;
        ssize_t length;

        if (fstat(fd, &status) == 0 && lseek(fd, 0, SEEK_CUR) > status.st_size) {
                logreader_end(reader);
                lseek(fd, 0, SEEK_SET);
        }
        for (;;) {
                length = read(fd, bytes, sizeof(bytes));
                if (length > 0)
                        take(reader, bytes, (size_t)length);
                else if (length == 0)
                        return 0;
                else if (errno != EINTR)
                        return errno == EAGAIN ? 0 : -errno;
        }
}
