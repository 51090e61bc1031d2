/* SPDX-License-Identifier: ISC */
#ifndef METHODS_HISTORY_EVENTS_H
#define METHODS_HISTORY_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/judge/past.h"
#include "proto/text.h"

/* Which events of the history somebody asked for, and how they are told. Pure. */

struct event_filter {
        char **names; /* sorted; NULL: all */
        size_t count;
        int64_t since_usec;
        int64_t most; /* the last so many; INT64_MAX: all */
};

bool event_filter_takes(const struct event_filter *filter, const struct past_event *event);

/* By time, and those of the same time as they came to be known, up to the number
 * `until`. *events is the caller's to free. 0 or -ENOMEM. */
int events_collect(const struct past *past, const struct event_filter *filter, int64_t until,
                   const struct past_event ***events, size_t *count);

/* Which of two comes first: less than 0, or more. */
int events_compare(int64_t at_usec, int64_t number, const struct past_event *event);

/* Appends it as an object of the interface. */
void events_write(const struct past_event *event, struct text *text);

#endif
