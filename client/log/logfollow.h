/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGFOLLOW_H
#define CLIENT_LOG_LOGFOLLOW_H

#include "client/log/logdir.h"
#include "client/log/logreader.h"

/* Follows a log as it grows, from file to file. */
struct logfollow;

/* directory_fd: stays the caller's. 0 or negative errno. */
int logfollow_new(int directory_fd, struct logfollow **follow);
void logfollow_free(struct logfollow *follow);

/*
 * Goes on where the last file of logdir was read to, until the reader of stdout is gone (0) or reading fails
 * (negative errno; -ENOENT: the directory is gone). logdir: becomes what is read from now, and stays the
 * caller's to close.
 */
int logfollow_run(struct logfollow *follow, struct logdir *logdir, struct logreader *reader);

#endif
