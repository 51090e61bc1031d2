/* SPDX-License-Identifier: ISC */
#include "daemon/edge/slot_history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/slot.h"
#include "daemon/edge/slot_files.h"
#include "daemon/edge/tree.h"

#define NEWER "history"
#define OLDER "history.1"
/* The largest file: one write more may have been put behind the limit. */
#define FILE_MOST (SLOT_HISTORY_BYTES + SLOT_HISTORY_WRITE_BYTES)

static int open_data(const struct slots *slots, const char *name)
{
        char path[SLOT_PATH_BYTES];
        int result = slot_path(name, "data", path);

        return result < 0 ? result : tree_open(slots->fd, path);
}

/* Opens data/history for appending, and makes it if it is missing. *size: of what is there. */
static int open_newer(const struct slots *slots, const char *name, off_t *size)
{
        char path[SLOT_PATH_BYTES];
        struct stat found;
        int result = slot_path(name, "data/" NEWER, path);
        int fd = result < 0 ? result : tree_open_file(slots->fd, path, O_WRONLY | O_CREAT | O_APPEND);

        if (fd < 0)
                return fd;
        if (fstat(fd, &found) < 0 || !S_ISREG(found.st_mode) || found.st_nlink != 1) {
                close(fd);
                return -EINVAL;
        }
        *size = found.st_size;
        return fd;
}

static int append(int fd, off_t size, const char *text, size_t length)
{
        int result = tree_write_all(fd, text, length);

        /* No half of a line is to stay; where one does, whoever reads the history passes it over. */
        if (result && ftruncate(fd, size) < 0)
                result = -errno;
        if (close(fd) < 0 && result == 0)
                result = -errno;
        return result;
}

static int make_older(const struct slots *slots, const char *name)
{
        int data = open_data(slots, name);
        int result;

        if (data < 0)
                return data;
        result = renameat(data, NEWER, data, OLDER) < 0 ? -errno : 0;
        close(data);
        return result;
}

int slot_append_history(const struct slots *slots, const char *name, const char *text, size_t length)
{
        off_t size = 0;
        int fd = length > SLOT_HISTORY_WRITE_BYTES ? -EFBIG : open_newer(slots, name, &size);

        if (fd >= 0 && size >= SLOT_HISTORY_BYTES) {
                int result;

                close(fd);
                result = make_older(slots, name);
                fd = result < 0 ? result : open_newer(slots, name, &size);
        }
        return fd < 0 ? fd : append(fd, size, text, length);
}

int slot_read_history(const struct slots *slots, const char *name, char **text)
{
        char *older = NULL, *newer = NULL, *whole = NULL;
        size_t length;
        int data = open_data(slots, name);

        if (data < 0)
                return data;
        /* A file that cannot be read is left out. */
        tree_read(data, OLDER, FILE_MOST, &older, &length);
        tree_read(data, NEWER, FILE_MOST, &newer, &length);
        close(data);
        if (asprintf(&whole, "%s%s", older ? older : "", newer ? newer : "") < 0)
                whole = NULL;
        free(older);
        free(newer);
        if (!whole)
                return -ENOMEM;
        *text = whole;
        return 0;
}

void slot_carry_history(int from, int to)
{
        static const char *const names[] = {OLDER, NEWER};

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                char *text = NULL;
                size_t length;

                if (tree_read(from, names[i], FILE_MOST, &text, &length) == 0)
                        tree_write(to, names[i], text, length, 0600);
                free(text);
        }
}
