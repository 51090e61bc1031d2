/* SPDX-License-Identifier: ISC */
#include "daemon/edge/slot_program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/slot.h"
#include "daemon/edge/tree.h"

#define KEPT_NEW SLOT_PROGRAM_KEPT ".new"
#define PROGRAM_MODE 0755

static ssize_t read_whole(int fd, char *bytes, size_t size)
{
        size_t filled = 0;
        ssize_t n = 1;

        while (filled < size && n > 0) {
                n = read(fd, bytes + filled, size - filled);
                if (n < 0 && errno != EINTR)
                        return -errno;
                filled += n > 0 ? (size_t)n : 0;
                n = n < 0 ? 1 : n;
        }
        return (ssize_t)filled;
}

/* Have both files the same bytes, from where they are read next? 1, 0 or a negative errno. */
static int has_same_bytes(int one, int other)
{
        char bytes[2][COPY_BYTES];
        ssize_t length;

        do {
                ssize_t others = read_whole(other, bytes[1], sizeof(bytes[1]));

                length = read_whole(one, bytes[0], sizeof(bytes[0]));
                if (length < 0 || others < 0)
                        return length < 0 ? (int)length : (int)others;
                if (length != others || memcmp(bytes[0], bytes[1], (size_t)length) != 0)
                        return 0;
        } while (length > 0);
        return 1;
}

/* Opens a program. An empty one is just being written: -EAGAIN. */
static int open_program(int at, const char *name, int flags, struct stat *found)
{
        int fd = openat(at, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
        int result;

        if (fd < 0)
                return -errno;
        result = fstat(fd, found) < 0 ? -errno : !S_ISREG(found->st_mode) ? -EINVAL : 0;
        if (result == 0 && found->st_size == 0)
                result = -EAGAIN;
        if (result == 0)
                return fd;
        close(fd);
        return result;
}

static bool is_kept(const struct slots *slots, int program)
{
        struct stat found = {0};
        int kept = open_program(slots->fd, SLOT_PROGRAM_KEPT, O_NOFOLLOW, &found);
        bool same = kept >= 0 && (found.st_mode & 07777) == PROGRAM_MODE && has_same_bytes(kept, program) > 0;

        if (kept >= 0)
                close(kept);
        return same;
}

/* Is the installed program what it was before it was copied? Whoever installs another one may be writing it
 * at this very moment. */
static bool is_unchanged(const struct slots *slots, const struct stat *before)
{
        struct stat now;

        return stat(slots->program, &now) == 0 && now.st_dev == before->st_dev &&
               now.st_ino == before->st_ino && now.st_size == before->st_size &&
               now.st_mtim.tv_sec == before->st_mtim.tv_sec && now.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

/* Removes a kept copy that others own or can write, of when the directory was open to others. */
static int remove_others(const struct slots *slots)
{
        struct stat found = {0};

        if (fstatat(slots->fd, SLOT_PROGRAM_KEPT, &found, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (S_ISREG(found.st_mode) && found.st_uid == geteuid() && !(found.st_mode & (S_IWGRP | S_IWOTH)))
                return 0;
        return tree_remove(slots->fd, SLOT_PROGRAM_KEPT);
}

int slot_program_keep(const struct slots *slots)
{
        struct stat before = {0};
        int program = open_program(AT_FDCWD, slots->program, 0, &before);
        int result = remove_others(slots);

        tree_remove(slots->fd, KEPT_NEW);
        if (result) {
                if (program >= 0)
                        close(program);
                return result;
        }
        if (program < 0)
                return program;
        if (is_kept(slots, program)) {
                close(program);
                return 0;
        }
        if (lseek(program, 0, SEEK_SET) < 0)
                result = -errno;
        if (result == 0)
                result = tree_copy_open(program, slots->fd, KEPT_NEW, PROGRAM_MODE);
        if (result == 0 && !is_unchanged(slots, &before))
                result = -EAGAIN;
        if (result == 0 && renameat(slots->fd, KEPT_NEW, slots->fd, SLOT_PROGRAM_KEPT) < 0)
                result = -errno;
        if (result)
                tree_remove(slots->fd, KEPT_NEW);
        close(program);
        return result;
}

static int link_program(const struct slots *slots, int slot)
{
        return linkat(slots->fd, SLOT_PROGRAM_KEPT, slot, SLOT_PROGRAM, 0) < 0 ? -errno : 0;
}

/* Copies the program, where the file system has no links, or no more of them for this file. */
static int copy_program(const struct slots *slots, int slot)
{
        struct stat found = {0};
        int kept = open_program(slots->fd, SLOT_PROGRAM_KEPT, O_NOFOLLOW, &found);
        int result = kept < 0 ? kept : tree_copy_open(kept, slot, SLOT_PROGRAM, PROGRAM_MODE);

        if (kept >= 0)
                close(kept);
        return result;
}

/* Is the program in the first line of one of the slot's scripts? */
static bool is_needed(int slot)
{
        static const char *const scripts[] = {"run", "finish", "log/run", "log/finish"};
        static const char *const lines[] = {"#!./" SLOT_PROGRAM, "#!./" SLOT_PROGRAM, "#!../" SLOT_PROGRAM,
                                            "#!../" SLOT_PROGRAM};

        for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
                char line[sizeof("#!../" SLOT_PROGRAM)] = "";
                struct stat found = {0};
                int script = open_program(slot, scripts[i], O_NOFOLLOW, &found);
                ssize_t length = script < 0 ? 0 : read_whole(script, line, strlen(lines[i]));

                if (script >= 0)
                        close(script);
                if (length > 0 && strcmp(line, lines[i]) == 0)
                        return true;
        }
        return false;
}

int slot_program_place(const struct slots *slots, int slot)
{
        int result;

        if (!slots->program)
                return 0;
        result = link_program(slots, slot);
        if (result == -ENOENT) {
                result = slot_program_keep(slots);
                if (result == 0)
                        result = link_program(slots, slot);
        }
        if (result == -EPERM || result == -EMLINK || result == -EOPNOTSUPP || result == -ENOSYS)
                result = copy_program(slots, slot);
        return result == -EEXIST || (result && !is_needed(slot)) ? 0 : result;
}
