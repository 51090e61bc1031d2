/* SPDX-License-Identifier: ISC */
#include "template/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES 8192

ssize_t file_read(const char *path, char *buffer, size_t size)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        ssize_t length = 0, got = 1;
        int error;

        if (fd < 0)
                return -errno;
        for (; got > 0 && (size_t)length < size; length += got)
                got = read(fd, buffer + length, size - (size_t)length);
        error = got < 0 ? errno : got > 0 ? EFBIG : 0;
        close(fd);
        buffer[error ? 0 : length] = '\0';
        return error ? -error : length;
}

ssize_t file_read_line(const char *path, char *buffer, size_t size)
{
        ssize_t length = file_read(path, buffer, size);

        buffer[length < 0 ? 0 : strcspn(buffer, "\n")] = '\0';
        return length < 0 ? length : (ssize_t)strlen(buffer);
}

int file_write(const char *path, const char *bytes, size_t length)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
        int result = 0;

        if (fd < 0)
                return -errno;
        if (length > 0 && write(fd, bytes, length) != (ssize_t)length)
                result = -EIO;
        close(fd);
        return result;
}

bool file_is(const char *path, mode_t type)
{
        struct stat info;

        return stat(path, &info) == 0 && (info.st_mode & S_IFMT) == type;
}

void file_say(const char *format, ...)
{
        char line[LINE_BYTES];
        va_list arguments;
        int length;

        va_start(arguments, format);
        length = vsnprintf(line, sizeof(line) - 1, format, arguments);
        va_end(arguments);
        length = length < (int)sizeof(line) - 1 ? length : (int)sizeof(line) - 2;
        line[length] = '\n';
        while (write(STDERR_FILENO, line, (size_t)length + 1) < 0 && errno == EINTR)
                ;
}
