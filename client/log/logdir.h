/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGDIR_H
#define CLIENT_LOG_LOGDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The files of a log directory as s6-log keeps them: @STAMP.s and @STAMP.u, whose names sort by the time at
 * which they were put aside, previous (while a file is put aside), and current. Others may change any of
 * these at any time, so files are opened once and read through their descriptors only.
 */

/* How many of the files that were put aside are read: the newest. s6-log keeps ten unless told otherwise. */
#define LOGDIR_FILES_MAX 128

#define LOGDIR_NAME_BYTES 32 /* @ and 24 digits, a dot, a letter, NUL */

struct logdir_file {
        int fd;
        dev_t device;
        ino_t inode;
        char name[LOGDIR_NAME_BYTES];
        bool read; /* noted by the reader: the file was read to its end, or is not wanted */
};

/* The files of a directory, the oldest first. */
struct logdir {
        struct logdir_file files[LOGDIR_FILES_MAX + 2];
        size_t count;
};

/*
 * Opens the files that there are: none is missing between two others, and none is there twice, whatever is
 * put aside meanwhile. The last is current, or what was current a moment ago. directory_fd: stays the
 * caller's. Returns 0 or negative errno; logdir_close() is due only after 0.
 */
int logdir_open(int directory_fd, struct logdir *logdir);
void logdir_close(struct logdir *logdir);

/* Closes a file that is no longer wanted. Its name stays; its inode may become another file's. */
void logdir_drop(struct logdir_file *file);

/* Whether current is another file than the given one, or is missing. */
bool logdir_is_stale(int directory_fd, const struct logdir_file *file);

/* Whether the name is that of a file that was put aside. */
bool logdir_is_rotated(const char *name);
bool logdir_is_same(const struct logdir_file *one, const struct logdir_file *other);

#endif
