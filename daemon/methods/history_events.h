/* SPDX-License-Identifier: ISC */
#ifndef METHODS_HISTORY_EVENTS_H
#define METHODS_HISTORY_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/judge/past.h"
#include "proto/text.h"

/* Which events of the history somebody asked for, and how they are written. Pure. */

struct event_filter {
        char **names; /* of services, sorted; NULL: all */
        size_t count;
        int64_t since_usec;
        int64_t most; /* only the last so many events; INT64_MAX: all */
};

/* Whether the event is of a wanted service, and not too old; `most` is left to the caller. */
bool event_filter_takes(const struct event_filter *filter, const struct past_event *event);

/* Collects the events that the filter takes, up to the number `until`: sorted by time, and events of the same
 * time by when they came to be known. The caller frees *events, but owns no event. 0 or -ENOMEM. */
int events_collect(const struct past *past, const struct event_filter *filter, int64_t until,
                   const struct past_event ***events, size_t *count);

/* Compares in that order: less than 0 if the event with this time and number comes before `event`, more than
 * 0 if it comes after, 0 if it is the same. */
int events_compare(int64_t at_usec, int64_t number, const struct past_event *event);

/* Appends the event as an object of the interface. */
void events_write(const struct past_event *event, struct text *text);

#endif
