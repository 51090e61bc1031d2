/* SPDX-License-Identifier: ISC */
#include "daemon/edge/interpreter.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t skip_blanks(const char *line, size_t length, size_t at)
{
        while (at < length && (line[at] == ' ' || line[at] == '\t'))
                at++;
        return at;
}

/* Takes one word from `at` on; returns where it ends. */
static size_t take_word(const char *line, size_t length, size_t at, char word[INTERPRETER_LINE_BYTES])
{
        size_t begin = at;

        while (at < length && line[at] != ' ' && line[at] != '\t' && line[at] != '\0')
                at++;
        memcpy(word, line + begin, at - begin);
        word[at - begin] = '\0';
        return at;
}

int interpreter_parse(const char *bytes, size_t length, struct interpreter *interpreter)
{
        struct interpreter found;
        const char *newline;
        size_t at;

        if (length >= INTERPRETER_LINE_BYTES)
                length = INTERPRETER_LINE_BYTES - 1;
        if (length < 2 || bytes[0] != '#' || bytes[1] != '!')
                return 0;
        newline = memchr(bytes, '\n', length);
        if (newline)
                length = (size_t)(newline - bytes);
        at = take_word(bytes, length, skip_blanks(bytes, length, 2), found.path);
        if (found.path[0] == '\0')
                return 0;
        take_word(bytes, length, skip_blanks(bytes, length, at), found.argument);
        *interpreter = found;
        return 1;
}

int interpreter_read(const char *path, struct interpreter *interpreter)
{
        char bytes[INTERPRETER_LINE_BYTES];
        struct stat found;
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        int result;
        ssize_t n;

        if (fd < 0)
                return -errno;
        result = fstat(fd, &found) < 0 ? -errno : S_ISREG(found.st_mode) ? 0 : -EINVAL;
        n = result == 0 ? read(fd, bytes, sizeof(bytes)) : 0;
        if (n < 0)
                result = -errno;
        close(fd);
        return result < 0 ? result : interpreter_parse(bytes, (size_t)n, interpreter);
}
