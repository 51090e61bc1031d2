/* SPDX-License-Identifier: ISC */
#include "daemon/loop/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/loop/pace.h"

struct watch_entry {
        int wd;
        bool supervise;
        void *subject;
};

static int compare_wd(const void *key, const void *element)
{
        const int wd = *(const int *)key;
        const struct watch_entry *entry = element;

        return wd < entry->wd ? -1 : wd > entry->wd;
}

static struct watch_entry *watch_find(struct watch *watch, int wd)
{
        if (watch->count == 0)
                return NULL;
        return bsearch(&wd, watch->entries, watch->count, sizeof(*watch->entries), compare_wd);
}

static void watch_drop(struct watch *watch, struct watch_entry *entry)
{
        watch->count--;
        memmove(entry, entry + 1, (size_t)(&watch->entries[watch->count] - entry) * sizeof(*entry));
}

static void watch_deliver(struct watch *watch, const struct inotify_event *event)
{
        struct watch_entry *entry;

        void *subject;

        if (event->mask & IN_Q_OVERFLOW) {
                watch->notify(watch->owner, NULL, WATCH_OVERFLOW, NULL);
                return;
        }
        entry = watch_find(watch, event->wd);
        if (!entry)
                return;
        subject = entry->subject;
        if (event->mask & IN_IGNORED) {
                watch_drop(watch, entry);
                watch->notify(watch->owner, subject, WATCH_GONE, NULL);
        } else if (!entry->supervise) {
                watch->notify(watch->owner, subject, WATCH_ENTRY, event->len ? event->name : "");
        } else if (event->len && event->mask & IN_MOVED_TO && strcmp(event->name, "status") == 0) {
                watch->notify(watch->owner, subject, WATCH_STATUS, NULL);
        } else if (event->len && event->mask & IN_CLOSE_WRITE && strcmp(event->name, "lock") == 0) {
                watch->notify(watch->owner, subject, WATCH_LOCK, NULL);
        }
}

/* Delivers a buffer of events. False: there are no more, since what came left room for the largest event. */
static bool watch_read(struct watch *watch)
{
        ssize_t length;

        char buffer[WATCH_EVENTS_BYTES] __attribute__((aligned(__alignof__(struct inotify_event))));
        length = read(watch->fd, buffer, sizeof(buffer));

        for (ssize_t at = 0; at < length;) {
                const struct inotify_event *event = (const void *)(buffer + at);

                watch_deliver(watch, event);
                at += (ssize_t)sizeof(*event) + event->len;
        }
        return length > (ssize_t)(sizeof(buffer) - sizeof(struct inotify_event) - NAME_MAX - 1);
}

static void watch_readable(uv_poll_t *poll, int status, int events)
{
        (void)status;
        (void)events;
        pace_woken();
        watch_read(poll->data);
}

void watch_catch_up(struct watch *watch)
{
        for (int reads = 0; watch->fd >= 0 && reads < WATCH_READS && watch_read(watch); reads++)
                ;
}

void watch_init(struct watch *watch, watch_function *notify, void *owner)
{
        *watch = (struct watch){.fd = -1, .notify = notify, .owner = owner};
}

int watch_open(struct watch *watch, uv_loop_t *loop)
{
        int result;

        if (watch->polled)
                return 0;
        if (watch->fd < 0) {
                watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
                if (watch->fd < 0)
                        return watch->error = -errno;
                watch->poll.data = watch;
                result = uv_poll_init(loop, &watch->poll, watch->fd);
                if (result) {
                        close(watch->fd);
                        watch->fd = -1;
                        return watch->error = result;
                }
        }
        result = uv_poll_start(&watch->poll, UV_READABLE, watch_readable);
        watch->polled = result == 0;
        return watch->error = result;
}

static void watch_closed(uv_handle_t *handle)
{
        struct watch *watch = handle->data;

        close(watch->fd);
        watch->fd = -1;
        watch->polled = false;
        free(watch->entries);
        watch->entries = NULL;
        watch->count = watch->capacity = 0;
}

void watch_close(struct watch *watch)
{
        if (watch->fd >= 0)
                uv_close((uv_handle_t *)&watch->poll, watch_closed);
}

static int watch_add(struct watch *watch, const char *path, uint32_t mask, bool supervise, void *subject)
{
        struct watch_entry *entry;
        int wd;

        if (!watch->polled)
                return watch->error;
        if (watch->count == watch->capacity) {
                size_t capacity = watch->capacity ? watch->capacity * 2 : 64;
                struct watch_entry *entries = reallocarray(watch->entries, capacity, sizeof(*entries));

                if (!entries)
                        return -ENOMEM;
                watch->entries = entries;
                watch->capacity = capacity;
        }
        wd = inotify_add_watch(watch->fd, path, mask | IN_ONLYDIR);
        if (wd < 0) {
                int result = -errno;

                if (result != -ENOENT && result != -ENOTDIR) /* these say nothing about inotify */
                        watch->error = result;
                return result;
        }
        watch->error = 0;
        entry = watch_find(watch, wd); /* the same directory again, perhaps by another name */
        if (entry && entry->subject != subject)
                return -EEXIST;
        if (!entry) {
                entry = &watch->entries[watch->count++];
                /* wd only grows, so appending keeps the order */
        }
        *entry = (struct watch_entry){.wd = wd, .supervise = supervise, .subject = subject};
        return wd;
}

int watch_add_supervise(struct watch *watch, const char *path, void *subject)
{
        return watch_add(watch, path, IN_MOVED_TO | IN_CLOSE_WRITE, true, subject);
}

int watch_add_directory(struct watch *watch, const char *path, void *subject)
{
        return watch_add(watch, path, IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO, false, subject);
}

int watch_add_place(struct watch *watch, const char *path, void *subject)
{
        return watch_add(watch, path, IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF,
                         false, subject);
}

void watch_remove(struct watch *watch, int wd)
{
        struct watch_entry *entry = wd < 0 ? NULL : watch_find(watch, wd);

        if (!entry)
                return;
        inotify_rm_watch(watch->fd, wd);
        watch_drop(watch, entry);
}
