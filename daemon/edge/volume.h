/* SPDX-License-Identifier: ISC */
#ifndef EDGE_VOLUME_H
#define EDGE_VOLUME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "daemon/bounds.h"

/*
 * Files under $HERMES_HOME. The client user owns that directory and may put anything there: symbolic links,
 * FIFOs, leases, huge files; it may be on NFS, read-only, full, or hang. So all of these run in the deputy
 * (deputy.h) with that user's own identity, and block as long as the volume does.
 * Every path is relative to the volume's directory descriptor, of components that are neither empty nor "."
 * nor ".." (-EINVAL), and resolved beneath it without symbolic links: -ELOOP for one on the way, -ENOTDIR for
 * what else is no directory. By openat2, or a walk with O_NOFOLLOW where the kernel or a sandbox lacks it.
 * Files are opened O_NONBLOCK | O_NOCTTY | O_CLOEXEC and must be regular; under somebody's lease they are
 * -EAGAIN, at once. Nothing is ever chowned or chmodded that was there before.
 * All return 0 or a negative errno unless they say otherwise, and leave their output untouched on failure.
 */

/* The name under which a file is written, beside the one whose place it takes then. */
#define VOLUME_TEMPORARY_ENDING ".svcbroker"
#define VOLUME_TEMPORARY(name) "." name VOLUME_TEMPORARY_ENDING
/* A file that Diagnose writes, to see whether that can be, and removes. */
#define VOLUME_PROBE ".doctor"

/* A directory descriptor (O_PATH) for the volume, or a negative errno. */
int volume_open(const char *home);

/*
 * May the calling thread's file-system user make files in that directory (".": the volume's own)? As far as
 * the kernel tells without making one: permissions, and a file system that is read-only. 0: yes; -ENOSYS: the
 * kernel does not tell; or another negative errno.
 */
int volume_may_write(int volume, const char *path);

/*
 * Reads a whole file, with a NUL behind it; the caller frees *text. A NUL inside is -EBADMSG, more than
 * VOLUME_FILE_BYTES -EFBIG, a link -ELOOP, anything else that is no regular file -EINVAL.
 */
int volume_read(int volume, const char *path, char **text);

/*
 * Reads the end of a file that only grows: its last whole lines, of at most `most` bytes, with a NUL behind
 * them; a NUL inside (as a crash leaves it) becomes a newline. The caller frees *text. Other failures
 * as in volume_read().
 */
int volume_read_tail(int volume, const char *path, size_t most, char **text);

/* Which file it was that was written, and when: no other one is taken for it. All zero: none. */
struct volume_made {
        dev_t device;
        ino_t inode;
        off_t size;
        struct timespec written;
};

/* Is that file in the directory, and has nobody written to it since? */
bool volume_is_made(int directory, const char *name, const struct volume_made *made);

/* One file of a batch to replace. */
struct volume_file {
        const char *path; /* "profiles/x/.gateway-planned-stop.json", ".svcbroker/intent/x", ... */
        const char *text; /* NULL: remove it */
        size_t length;
        mode_t mode;  /* of the new file; 0600 */
        bool durable; /* on disk before volume_replace() returns */
        /* Claimed in the instant before the rename or the removal: whoever sets it to VOLUME_CANCELLED before
         * that knows that nothing will happen to the file (-ECANCELED). NULL: there is none. */
        atomic_int *fence;
        char mark;  /* makes the fresh file's name another than those of replacements that hang; 0: none */
        int result; /* 0 or a negative errno, set for each */
        struct volume_made made; /* set where it was written */
};

enum volume_fence {
        VOLUME_OPEN,
        VOLUME_CLAIMED,
        VOLUME_CANCELLED,
};

/*
 * Replaces each file by a fresh one, which is made (O_EXCL) beside it under a name of our own
 * (".NAME.svcbroker"), written, and renamed over whatever was there but a directory. Text over
 * VOLUME_FILE_BYTES is -EFBIG. A regular file under the name of our own is what a killed broker left, and is
 * removed; anything else there is -EINVAL.
 * Before the renames there is one sync for all durable files of a file system (syncfs; fsync where there is
 * only one), and after them one of each directory that holds a durable file. If that last sync fails, the
 * file is in its place, but may not survive the machine.
 * make_directories: missing parents are made, 0700, and synced; not for a removal, for which a missing parent
 * is success. A removal is as volume_remove(), and takes along what a killed broker left of that file.
 * One file's failure is its own, and leaves the old file and nothing else, but for a sync, which fails for
 * all that shared it. No path may be there twice.
 */
void volume_replace(int volume, struct volume_file *files, size_t count, bool make_directories);

/* The same with files of one directory, which is open for reading: each path is a name. */
void volume_replace_in(int directory, struct volume_file *files, size_t count);

/* Removes a regular file; 0 also when there is none; -EINVAL for anything else. */
int volume_remove(int volume, const char *path);

/*
 * Remove what a killed broker left: a regular file, if it was last written before that time; and all
 * temporary files of volume_replace() in a directory (among the first SWEEP_ENTRIES_MAX names). before_usec:
 * UTC, when this broker began, so that what it writes itself is not touched. What cannot be removed stays.
 */
void volume_remove_older(int volume, const char *path, int64_t before_usec);
void volume_sweep(int volume, const char *path, int64_t before_usec);

/* Is there a file of that name (of any kind, a link included)? */
bool volume_has(int volume, const char *path);

/* As volume_has(), but 1 yes, 0 no, or a negative errno; then nobody knows. */
int volume_look(int volume, const char *path);

/*
 * Appends text, making the file (0644) and its directories (0755) where missing. A file that has already
 * reached VOLUME_BOOT_LOG_BYTES is first renamed to <path>.1. Not synced. On a full volume part of the text
 * may have been written.
 */
int volume_append_log(int volume, const char *path, const char *text, size_t length);

/* As volume_append_log(), with a file (0600) and directories (0700) of the broker's own; a file that has
 * already reached `most` bytes is first renamed. */
int volume_append_lines(int volume, const char *path, const char *text, size_t length, size_t most);

/*
 * Opens the directory `path` (O_PATH). Each of its components may be a symbolic link, or lead through some:
 * links are followed with the client's own rights, and taken only if what is there lies beneath the volume,
 * whose mount points are the volume too. Paths below the directory are relative to the descriptor, and have
 * no more links in them. -EXDEV: a link leads outside, to the volume itself, or to where the client may not
 * go; -ENOLINK: it leads nowhere; -ELOOP: it has no end, or is one of /proc's.
 */
int volume_enter(int volume, const char *path);

/* The same for the directory of a profile's own files: profiles/NAME, or for `default` the volume itself. */
int volume_enter_profile(int volume, const char *profile);

/*
 * Lists the names of entries of some kinds in `path`; of links only those whose name a profile can have, and
 * with VOLUME_LINKS `path` is entered as by volume_enter(). All else is as in volume_directories().
 */
#define VOLUME_DIRECTORIES 1u
#define VOLUME_LINKS 2u
#define VOLUME_REGULAR 4u
int volume_list(int volume, const char *path, unsigned kinds, size_t most, char ***names, size_t *count);

/*
 * Lists the names of the directories in `path` ("." for the volume itself): no links, no dot names, sorted by
 * bytes, and of more than `most` the first ones; nobody has checked what the names are made of. *names is
 * never NULL, and for volume_names_free(). A missing `path` is an empty list.
 */
int volume_directories(int volume, const char *path, size_t most, char ***names, size_t *count);
void volume_names_free(char **names, size_t count);

#endif
