/* SPDX-License-Identifier: ISC */
#include "client/log/logfollow.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/terminal/output.h"

/* A look without an event, for file systems that tell of none, and where inotify has no room. */
#define FOLLOW_LOOK_MSEC 2000

struct logfollow {
        int directory_fd;
        int inotify_fd; /* -1: none to be had */
};

int logfollow_new(int directory_fd, struct logfollow **follow)
{
        struct logfollow *made = malloc(sizeof(*made));
        char path[64];

        if (!made)
                return -ENOMEM;
        made->directory_fd = directory_fd;
        made->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        /* By the descriptor, so that it is the directory that was opened, whatever has its name now. */
        snprintf(path, sizeof(path), "/proc/self/fd/%d", directory_fd);
        if (made->inotify_fd >= 0 &&
            inotify_add_watch(made->inotify_fd, path,
                              IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF) < 0) {
                close(made->inotify_fd);
                made->inotify_fd = -1;
        }
        *follow = made;
        return 0;
}

void logfollow_free(struct logfollow *follow)
{
        if (!follow)
                return;
        if (follow->inotify_fd >= 0)
                close(follow->inotify_fd);
        free(follow);
}

/* Events only say that there is something to look at. */
static void drop_events(const struct logfollow *follow)
{
        char events[4096];

        while (follow->inotify_fd >= 0 && read(follow->inotify_fd, events, sizeof(events)) > 0)
                ;
}

static bool is_known(const struct logdir *logdir, const struct logdir_file *file)
{
        const char *newest = "";

        for (size_t i = 0; i < logdir->count; i++) {
                if (logdir_is_same(&logdir->files[i], file))
                        return true;
                if (logdir_is_rotated(logdir->files[i].name))
                        newest = logdir->files[i].name;
        }
        /* There were more than LOGDIR_FILES_MAX, and now it is among them. */
        return logdir_is_rotated(file->name) && strcmp(file->name, newest) < 0;
}

/* The last one may be among the next under another name, or still the last: its descriptor knows how far it
 * was read. */
static void keep_place(struct logdir_file *last, struct logdir *next)
{
        for (size_t i = 0; i < next->count; i++) {
                if (logdir_is_same(last, &next->files[i])) {
                        int fd = next->files[i].fd;

                        next->files[i].fd = last->fd;
                        last->fd = fd;
                        return;
                }
        }
}

/*
 * The files that came after those of logdir, which then is what there is now. The old ones stay open until
 * then, so that none of their inodes can have become another file's.
 */
static int go_on(const struct logfollow *follow, struct logdir *logdir, struct logreader *reader)
{
        struct logdir *next = calloc(1, sizeof(*next));
        int result = next ? logdir_open(follow->directory_fd, next) : -ENOMEM;

        if (result == 0) {
                /* What was written to the last one before it was put aside. */
                if (logdir->count > 0)
                        result = logreader_read(reader, logdir->files[logdir->count - 1].fd);
                for (size_t i = 0; i < next->count && result == 0; i++) {
                        if (is_known(logdir, &next->files[i]))
                                continue;
                        logreader_end(reader);
                        result = logreader_read(reader, next->files[i].fd);
                }
                if (logdir->count > 0)
                        keep_place(&logdir->files[logdir->count - 1], next);
                logdir_close(logdir);
                *logdir = *next;
        }
        free(next);
        return result;
}

static int look(const struct logfollow *follow, struct logdir *logdir, struct logreader *reader)
{
        const struct logdir_file *last = logdir->count > 0 ? &logdir->files[logdir->count - 1] : NULL;
        struct stat status;
        int result = last ? logreader_read(reader, last->fd) : 0;

        if (result < 0)
                return result;
        if (fstat(follow->directory_fd, &status) < 0 || status.st_nlink == 0)
                return -ENOENT;
        return last && !logdir_is_stale(follow->directory_fd, last) ? 0 : go_on(follow, logdir, reader);
}

int logfollow_run(struct logfollow *follow, struct logdir *logdir, struct logreader *reader)
{
        struct pollfd poll_fds[] = {
                {.fd = STDOUT_FILENO, .events = 0},
                {.fd = follow->inotify_fd, .events = POLLIN},
        };

        for (;;) {
                int result;

                drop_events(follow);
                result = look(follow, logdir, reader);
                if (!output_flush() || ferror(stdout))
                        return 0;
                if (result < 0)
                        return result;
                if (poll(poll_fds, 2, FOLLOW_LOOK_MSEC) > 0 &&
                    (poll_fds[0].revents & (OUTPUT_UNREAD | POLLNVAL)))
                        return 0;
        }
}
