/* SPDX-License-Identifier: ISC */
#ifndef UNIT_VOLUME_FIXTURE_H
#define UNIT_VOLUME_FIXTURE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <check.h>

#include "daemon/edge/volume.h"
#include "daemon/edge/volume_locks.h"

/*
 * Every test is a child of its own (Check forks) with a directory of its own: home/ is the volume, outside/
 * is not, and is as it was when a test ends; nor is any descriptor left open. Each test runs as it is,
 * without openat2 as on an old kernel, and without it as in a sandbox.
 */
extern char root[], home[64];
extern int at, volume; /* descriptors of root and home */
extern unsigned descriptors_before;

int run(const char *name, void (*add)(TCase *cases));

/*
 * What the volume's code asks of the kernel in the end, in order: f a file synced, s a file system, d a
 * directory, r a rename. The fixture's own definitions of those calls come before the C library's.
 */
extern char steps[2048];
extern int fail_file, fail_system, fail_directory, fail_rename; /* errno, or 0 */
extern int fail_close;                                          /* the same, for what was written to */
extern int die_at;                                              /* killed in place of that step; -1: never */
extern bool hide_types;                                         /* readdir() does not say what an entry is */

extern bool short_writes;  /* three bytes at a time, and interrupted before each */
extern unsigned inherited; /* closed so far that a child would have got */

/* After the next unlink or rename by the volume's code, a link to outside/keep stands at that path, once. */
extern const char *plant_next;
extern bool vanish_next; /* the next thing to be unlinked is gone by then, once */

/* Below root. */
void put(const char *path, const char *text, mode_t mode);
void put_size(const char *path, off_t size);
void make(const char *path, mode_t mode);
const char *text_of(const char *path);
bool exists(const char *path);
struct stat inode(const char *path);
void assert_mode(const char *path, mode_t mode);
unsigned entries(const char *path);

/* Says on stderr what is not tested for want of something, and errno. False. */
bool left_out(const char *part);

/* A tmpfs of the test's own, which ends with the process. False, with a reason, where there can be none. */
bool mount_at(const char *path, const char *options);
void unmount(const char *path);

/* Another process that keeps a lease or a lock of a file, whatever it is told. */
enum holding {
        HOLD_LEASE_WRITE,
        HOLD_LEASE_READ,
        HOLD_WRITE,
        HOLD_READ,
        HOLD_OPEN_FILE,
        HOLD_ONE_BYTE,
        HOLD_FLOCK
};
pid_t hold(const char *path, enum holding what);
void let_go(pid_t pid);

/* Seconds. */
double now(void);

struct volume_file file(const char *path, const char *text, bool durable);
int replace_one(const char *path, const char *text, bool durable, bool make_directories);
int append(const char *path, const char *text);
void assert_reads(const char *path, const char *expected);

/* The error; the output is untouched. */
int read_fails(const char *path);
int tail_fails(const char *path);
int list_fails(const char *path);

/* Every function says the same of a path that leads nowhere it may lead. */
void assert_refused(const char *path, int error);

#endif
