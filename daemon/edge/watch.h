#ifndef EDGE_WATCH_H
#define EDGE_WATCH_H

#include <stddef.h>

#include <uv.h>

/*
 * One inotify descriptor for everything that is watched. What an event says is only that it is time to look
 * again.
 */
enum watch_event {
        WATCH_STATUS,   /* supervise/status was replaced */
        WATCH_LOCK,     /* supervise/lock was closed: an s6-supervise ended (or failed to begin) */
        WATCH_ENTRY,    /* an entry of a watched plain directory came or went */
        WATCH_OVERFLOW, /* events were lost: look at everything (subject NULL) */
};

typedef void watch_function(void *owner, void *subject, enum watch_event event);

struct watch {
        int fd;
        uv_poll_t poll;
        watch_function *notify;
        void *owner;
        struct watch_entry *entries; /* ordered by wd, which the kernel only counts up */
        size_t count;
        size_t capacity;
};

/* 0 or a negative errno. */
int watch_open(struct watch *watch, uv_loop_t *loop, watch_function *notify, void *owner);
void watch_close(struct watch *watch);

/* Watches a supervise/ directory (events STATUS and LOCK). Returns the watch descriptor, or a negative errno.
 */
int watch_add_supervise(struct watch *watch, const char *path, void *subject);

/* Watches a directory's entries (event ENTRY). Returns the watch descriptor, or a negative errno. */
int watch_add_directory(struct watch *watch, const char *path, void *subject);

/* Forgets it; no event of it comes any more. wd < 0 is ignored. */
void watch_remove(struct watch *watch, int wd);

#endif
