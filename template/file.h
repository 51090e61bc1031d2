/* SPDX-License-Identifier: ISC */
#ifndef TEMPLATE_FILE_H
#define TEMPLATE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

/* Reads a file whole, a NUL behind it, without waiting for a FIFO. Its length or a negative errno; EFBIG where it
 * is larger. */
ssize_t file_read(const char *path, char *buffer, size_t size);

/* Its first line only, without its end. The same. */
ssize_t file_read_line(const char *path, char *buffer, size_t size);

/* Makes it what these bytes are. 0 or a negative errno. */
int file_write(const char *path, const char *bytes, size_t length);

/* Is there a file of that type (S_IFDIR, ...)? */
bool file_is(const char *path, mode_t type);

/* A line for people, on standard error. */
void __attribute__((format(printf, 1, 2))) file_say(const char *format, ...);

#endif
