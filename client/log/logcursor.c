/* SPDX-License-Identifier: ISC */
#include "client/log/logcursor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/log/logblock.h"
#include "client/log/logdir.h"

struct logcursor {
        int directory_fd;
        bool follow;
        bool live; /* goes on beyond what was there at the beginning */
        struct logdir files;
        size_t at;     /* which of the files is being read */
        off_t left;    /* bytes of that file still to be read, unless live */
        size_t from;   /* the first file that is read */
        off_t from_at; /* where in that file reading begins */
        bool has_next; /* current has become another file: `next` follows when the last of files is read */
        struct logdir next;
        size_t turn_bytes;
        struct logblock block;
};

int logcursor_directory(const struct logcursor *cursor)
{
        return cursor->directory_fd;
}

/* Enters the next file that is to be read, and notes how much there is of it behind its descriptor's
 * offset. */
static int enter(struct logcursor *cursor)
{
        struct stat status;
        int fd;

        while (cursor->at < cursor->files.count && cursor->files.files[cursor->at].read)
                cursor->at++;
        if (cursor->at == cursor->files.count)
                return 0;
        fd = cursor->files.files[cursor->at].fd;
        if (fstat(fd, &status) < 0)
                return -errno;
        cursor->left = status.st_size - lseek(fd, 0, SEEK_CUR);
        return 0;
}

int logcursor_new(int directory_fd, const struct logfilter *filter, bool follow, struct logcursor **cursor)
{
        struct logcursor *made = malloc(sizeof(*made));
        int result = made ? logdir_open(directory_fd, &made->files) : -ENOMEM;

        if (result < 0) {
                close(directory_fd);
                free(made);
                return result;
        }
        made->directory_fd = directory_fd;
        made->follow = follow;
        made->live = made->has_next = false;
        made->at = made->from = 0;
        made->from_at = 0;
        made->turn_bytes = 0;
        logblock_init(&made->block, filter);
        result = enter(made);
        if (result < 0)
                logcursor_free(made);
        else
                *cursor = made;
        return result;
}

void logcursor_free(struct logcursor *cursor)
{
        if (!cursor)
                return;
        logdir_close(&cursor->files);
        if (cursor->has_next)
                logdir_close(&cursor->next);
        close(cursor->directory_fd);
        free(cursor);
}

int logcursor_rewind(struct logcursor *cursor)
{
        for (size_t i = cursor->from; i < cursor->files.count; i++) {
                cursor->files.files[i].read = false;
                if (lseek(cursor->files.files[i].fd, i == cursor->from ? cursor->from_at : 0, SEEK_SET) < 0)
                        return -errno;
        }
        cursor->at = cursor->from;
        logblock_reset(&cursor->block);
        return enter(cursor);
}

int logcursor_keep_last(struct logcursor *cursor, size_t count)
{
        size_t at = cursor->files.count;
        off_t begin = -1;

        while (at > 0 && begin < 0) {
                int result = logblock_find_last(&cursor->block, cursor->files.files[--at].fd, &count, &begin);

                if (result < 0)
                        return result;
        }
        if (begin < 0)
                return logcursor_rewind(cursor);
        /* The files before that one are no longer needed. */
        for (size_t i = 0; i < at; i++)
                logdir_drop(&cursor->files.files[i]);
        cursor->from = at;
        cursor->from_at = begin;
        return logcursor_rewind(cursor);
}

void logcursor_go_on(struct logcursor *cursor)
{
        cursor->live = cursor->follow;
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
        /* An older file: it was left out, or there were more than LOGDIR_FILES_MAX, and now it is among
         * them. */
        return logdir_is_rotated(file->name) && strcmp(file->name, newest) <= 0;
}

/* Opens the files that there are now, and marks those that were read before. Returns how many are new, or
 * negative errno. */
static int look_again(struct logcursor *cursor)
{
        int result = logdir_open(cursor->directory_fd, &cursor->next), news = 0;

        for (size_t i = 0; result == 0 && i < cursor->next.count; i++) {
                cursor->next.files[i].read = is_known(&cursor->files, &cursor->next.files[i]);
                news += !cursor->next.files[i].read;
        }
        if (result == 0 && news == 0)
                logdir_close(&cursor->next);
        return result < 0 ? result : news;
}

/* The last file may be among the next ones, under another name, or still be the last. Its old descriptor is
 * kept then, since its offset is how far the file was read. */
static void keep_place(struct logdir_file *last, struct logdir *next)
{
        for (size_t i = 0; i < next->count; i++) {
                if (logdir_is_same(last, &next->files[i])) {
                        int fd = next->files[i].fd;

                        next->files[i].fd = last->fd;
                        next->files[i].read = false;
                        last->fd = fd;
                        return;
                }
        }
}

/* Goes over to the next files. The old ones stay open until then, so that none of their inodes can have
 * become another file's. */
static int go_over(struct logcursor *cursor)
{
        if (cursor->files.count > 0)
                keep_place(&cursor->files.files[cursor->files.count - 1], &cursor->next);
        logdir_close(&cursor->files);
        cursor->files = cursor->next;
        cursor->has_next = false;
        cursor->at = 0;
        return enter(cursor);
}

enum step { STEP_MORE, STEP_FILE_ENDS, STEP_END };

/* Says what to do when nothing more is in the last file. */
static int end_of_last(struct logcursor *cursor, enum step *step)
{
        const struct logdir_file *last =
                cursor->files.count > 0 ? &cursor->files.files[cursor->files.count - 1] : NULL;
        struct stat status;
        int result;

        *step = STEP_END;
        if (last && fstat(last->fd, &status) == 0 && lseek(last->fd, 0, SEEK_CUR) > status.st_size) {
                /* The file has become shorter, and is read again from its start. */
                *step = STEP_FILE_ENDS;
                return 0;
        }
        if (last && !logdir_is_stale(cursor->directory_fd, last))
                return 0;
        result = look_again(cursor);
        if (result <= 0)
                return result;
        cursor->has_next = true;
        /* First comes what was written to the last file before it was put aside. */
        *step = last ? STEP_MORE : STEP_FILE_ENDS;
        return 0;
}

static int at_end(struct logcursor *cursor, enum step *step)
{
        struct stat status;
        int result;

        *step = STEP_FILE_ENDS;
        if (cursor->at + 1 < cursor->files.count || cursor->has_next)
                return 0;
        if (!cursor->follow) {
                *step = cursor->at < cursor->files.count ? STEP_FILE_ENDS : STEP_END;
                return 0;
        }
        *step = STEP_END;
        if (!cursor->live)
                return 0;
        result = end_of_last(cursor, step);
        if (result == 0 && *step == STEP_END &&
            (fstat(cursor->directory_fd, &status) < 0 || status.st_nlink == 0))
                return -ENOENT;
        return result;
}

/* Reads more bytes into the block, or says in *step what comes where there are none. */
static int fill(struct logcursor *cursor, enum step *step)
{
        size_t room;
        char *to = logblock_room(&cursor->block, &room);
        ssize_t length = 0;

        if (cursor->at < cursor->files.count) {
                if (!cursor->live && cursor->left < (off_t)room)
                        room = cursor->left > 0 ? (size_t)cursor->left : 0;
                do
                        length = room > 0 ? read(cursor->files.files[cursor->at].fd, to, room) : 0;
                while (length < 0 && errno == EINTR);
        }
        if (length < 0 && errno != EAGAIN)
                return -errno;
        if (length <= 0)
                return at_end(cursor, step);
        logblock_add(&cursor->block, (size_t)length);
        cursor->left -= length;
        cursor->turn_bytes += (size_t)length;
        *step = STEP_MORE;
        return 0;
}

/* Leaves the file that was read to its end, and whose last line was taken, for the next. */
static int leave(struct logcursor *cursor)
{
        struct logdir_file *file = cursor->at < cursor->files.count ? &cursor->files.files[cursor->at] : NULL;

        logblock_end(&cursor->block);
        if (file && cursor->live && cursor->at + 1 == cursor->files.count && !cursor->has_next) {
                lseek(file->fd, 0, SEEK_SET);
                return 0;
        }
        if (file)
                file->read = true;
        if (cursor->has_next && cursor->at + 1 >= cursor->files.count)
                return go_over(cursor);
        cursor->at++;
        return enter(cursor);
}

enum logcursor_state logcursor_next(struct logcursor *cursor, struct logentry *entry, int *result)
{
        for (;;) {
                enum step step = STEP_END;

                if (logblock_take(&cursor->block, false, entry))
                        return LOGCURSOR_LINE;
                if (cursor->turn_bytes >= LOGCURSOR_TURN_BYTES) {
                        cursor->turn_bytes = 0;
                        return LOGCURSOR_BUSY;
                }
                *result = fill(cursor, &step);
                if (*result == 0 && step == STEP_FILE_ENDS) {
                        if (logblock_take(&cursor->block, true, entry))
                                return LOGCURSOR_LINE;
                        *result = leave(cursor);
                } else if (*result == 0 && step == STEP_END) {
                        cursor->turn_bytes = 0;
                        return LOGCURSOR_END;
                }
                if (*result < 0)
                        return *result == -ENOENT ? LOGCURSOR_GONE : LOGCURSOR_FAILED;
        }
}
