/* SPDX-License-Identifier: ISC */
#ifndef LOOP_WATCH_H
#define LOOP_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

/*
 * One inotify descriptor for everything that is watched. What an event says is only that it is time to look
 * again. The kernel may have no descriptor and no watch for us (they are counted for all root processes of a
 * user namespace): then nothing is watched until it has.
 */
enum watch_event {
        WATCH_STATUS,   /* supervise/status was replaced */
        WATCH_LOCK,     /* supervise/lock was closed: an s6-supervise ended (or failed to begin) */
        WATCH_ENTRY,    /* an entry of a watched plain directory came or went (name) */
        WATCH_OVERFLOW, /* events were lost: look at everything (subject NULL) */
        WATCH_GONE,     /* the directory is gone, and no longer watched */
};

/* name: of a WATCH_ENTRY, "" where the directory itself was moved; NULL for all other events. */
typedef void watch_function(void *owner, void *subject, enum watch_event event, const char *name);

struct watch {
        int fd;      /* -1: there is none */
        bool polled; /* the loop polls it; else nothing is watched, whether there is a descriptor or not */
        int error;   /* negative errno of inotify's last failure; 0: none since the last success */
        uv_poll_t poll;
        watch_function *notify;
        void *owner;
        struct watch_entry *entries; /* ordered by wd, which the kernel only counts up */
        size_t count;
        size_t capacity;
};

/* Nothing is watched before watch_open(), which may be tried again: 0 (also where `watch` is open), or a
 * negative errno. */
void watch_init(struct watch *watch, watch_function *notify, void *owner);
int watch_open(struct watch *watch, uv_loop_t *loop);
void watch_close(struct watch *watch);

/* Watches a supervise/ directory (events STATUS, LOCK and GONE). Returns the watch descriptor, or a negative
 * errno: -EEXIST where the directory is watched for another subject. */
int watch_add_supervise(struct watch *watch, const char *path, void *subject);

/* Watches a directory's entries (events ENTRY and GONE). Returns as watch_add_supervise(). */
int watch_add_directory(struct watch *watch, const char *path, void *subject);

/* As watch_add_directory(), and an ENTRY whose name is "" when the directory itself is moved. */
int watch_add_place(struct watch *watch, const char *path, void *subject);

/* Stops watching the directory of a watch descriptor; no event of it comes any longer. wd < 0 is ignored. */
void watch_remove(struct watch *watch, int wd);

/* Delivers the events that are there by now, before this returns: whoever judges the time of anything calls
 * it first. At most WATCH_READS buffers of them. */
void watch_catch_up(struct watch *watch);

#endif
