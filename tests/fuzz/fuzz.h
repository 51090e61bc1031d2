/* SPDX-License-Identifier: ISC */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What all harnesses share. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is promised of any input whatever. */
#define must(promise) ((promise) ? (void)0 : fuzz_broken(#promise, __FILE__, __LINE__))

static inline void fuzz_broken(const char *promise, const char *file, int line)
{
        dprintf(STDERR_FILENO, "%s:%d: it does not hold that %s\n", file, line, promise);
        abort();
}

/* The input as a string in memory of exactly its size, so that a byte too many read is a byte outside; NULL for one
 * with a NUL in it. The caller frees it. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
        char *text;

        if (size && memchr(data, '\0', size))
                return NULL;
        text = malloc(size + 1);
        must(text);
        if (size)
                memcpy(text, data, size);
        text[size] = '\0';
        return text;
}

/* A directory of the process's own, in memory where there is such a place. */
static inline const char *fuzz_directory(void)
{
        static char path[64];

        if (!*path) {
                snprintf(path, sizeof(path), "%s/fuzz-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
                must(mkdtemp(path)); /* another pid namespace has the same numbers */
        }
        return path;
}

static inline void fuzz_write(const char *path, const void *bytes, size_t length)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        must(fd >= 0 && write(fd, bytes, length) == (ssize_t)length && close(fd) == 0);
}

#endif
