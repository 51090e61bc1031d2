/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_PAST_H
#define JUDGE_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/judge/event.h"

/*
 * What happened to all services, as lines (event.h), in the order in which it came to be known, and within bounds: of one
 * service PAST_SERVICE_BYTES, of all PAST_BYTES. What is over them goes, the oldest first. A service that is gone has its past
 * for as long as there is room. Pure.
 */
struct past_event {
        struct past_event *older, *newer; /* of all */
        struct past_event *next;          /* of the same service */
        struct past_of *of;
        int64_t number; /* they are counted as they come; what is from the volume, downwards from 0 */
        int64_t at_usec;
        enum event_kind kind;
        size_t length;
        char line[]; /* a JSON object, and a NUL */
};

/* One service's. */
struct past_of {
        const char *name;
        struct past_event *first, *last;
        size_t bytes;
        int64_t in_slot;   /* the number of the last one that the slot has, */
        int64_t on_volume; /* or the volume */
        /* What its last events said, so that nothing is told twice. */
        pid_t began_pid;
        int64_t began_usec;
        bool is_held; /* since its last run */
        enum event_state held;
        char names[]; /* and a NUL */
};

struct past {
        struct past_of **services; /* by name */
        size_t count;
        size_t capacity;
        struct past_event *oldest, *newest;
        size_t bytes;
        int64_t number;  /* of the last one */
        int64_t lowest;  /* of the volume's */
        int64_t evicted; /* the highest number of those that went */
        uint64_t lost;   /* how many went before the volume had them */
};

void past_deinit(struct past *past);

/* Notes it. False: out of memory. */
bool past_add(struct past *past, const char *name, const struct event *event);

/* One that a broker before this one noted in the slot, after those that there are. */
bool past_add_again(struct past *past, const char *name, const struct event *event);

/* One from the volume, before all others of that service. False: there is no room for more of it. One that is there
 * already is passed over. */
bool past_add_older(struct past *past, const char *name, const struct event *event);

/* The client user can have written it. */
static inline bool past_is_from_volume(const struct past_event *event)
{
        return event->number < 0;
}

/* NULL: nothing is known of it. */
struct past_of *past_of(const struct past *past, const char *name);

/* The slot, or the volume, does not have all of it. */
bool past_waits_for_slot(const struct past_of *of);
bool past_waits_for_volume(const struct past_of *of);

/* Appends the lines with numbers above `after`, each with a newline, until the text is over `most` bytes. Returns the number of
 * the last one. */
int64_t past_lines(const struct past_of *of, int64_t after, size_t most, struct text *text);

#endif
