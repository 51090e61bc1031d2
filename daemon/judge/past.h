/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_PAST_H
#define JUDGE_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/judge/event.h"

/*
 * What happened to all services, as lines (event.h), in the order in which it came to be known, and within
 * bounds: PAST_SERVICE_BYTES for one service, PAST_BYTES for all. Over these the oldest events go. The past
 * of a service that is gone stays for as long as there is room. Pure.
 */
struct past_event {
        struct past_event *older, *newer; /* among the events of all services */
        struct past_event *next;          /* the next newer of the same service */
        struct past_of *of;
        int64_t number; /* counted up from 1 as events come; down from -1 for events from the volume */
        int64_t at_usec;
        enum event_kind kind;
        size_t length;
        char line[]; /* a JSON object, and a NUL */
};

/* The past of one service. */
struct past_of {
        const char *name;
        struct past_event *first, *last;
        size_t bytes;
        struct past_of *next; /* in past.waiting */
        bool waits;           /* it is there */
        int64_t in_slot;      /* the number of the last event that the slot has */
        int64_t on_volume;    /* the number of the last event that the volume has */
        /* What the last events said, so that nothing is noted twice. */
        pid_t began_pid;
        int64_t began_usec;
        bool is_held;          /* a state was noted since the last run or order */
        enum event_state held; /* that state */
        char names[];          /* the name, and a NUL */
};

struct past {
        struct past_of **services; /* by name */
        size_t count;
        size_t capacity;
        struct past_event *oldest, *newest;
        /* Services whose slots may lack events, the one that waits longest first; waiting_last: NULL or the
         * last of them. */
        struct past_of *waiting, *waiting_last;
        size_t bytes;
        int64_t number;  /* of the newest event */
        int64_t lowest;  /* the lowest number given to an event from the volume; 0: none was */
        int64_t evicted; /* the highest number of the events that went */
        uint64_t lost;   /* how many events went before the volume had them */
};

void past_deinit(struct past *past);

/* Notes an event. False: out of memory. */
bool past_add(struct past *past, const char *name, const struct event *event);

/* Adds an event that an earlier broker noted in the slot, after those that are there; neither the slot nor
 * the volume is to be given it. False: out of memory. */
bool past_add_again(struct past *past, const char *name, const struct event *event);

/* Adds an event from the volume, before all others of that service; an event that is there already is passed
 * over. False: there is no room or memory for more events of that service. */
bool past_add_older(struct past *past, const char *name, const struct event *event);

/* Is the event from the volume, where the client user can have written it? */
static inline bool past_is_from_volume(const struct past_event *event)
{
        return event->number < 0;
}

/* The past of that service; NULL: nothing is known of it. */
struct past_of *past_of(const struct past *past, const char *name);

/* Are there events that the slot, or the volume, was not given yet? */
bool past_waits_for_slot(const struct past_of *of);
bool past_waits_for_volume(const struct past_of *of);

/* The service that has waited longest for its slot to be given events; NULL: none waits. */
struct past_of *past_next_for_slot(struct past *past);

/* Appends the lines with numbers above `after`, each with a newline, until the text is over `most` bytes.
 * Returns the number of the last line; `after`, if there was none. */
int64_t past_lines(const struct past_of *of, int64_t after, size_t most, struct text *text);

#endif
