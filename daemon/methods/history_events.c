/* SPDX-License-Identifier: ISC */
#include "daemon/methods/history_events.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/sorted.h"

bool event_filter_takes(const struct event_filter *filter, const struct past_event *event)
{
        if (event->at_usec < filter->since_usec)
                return false;
        return !filter->names || bsearch(&event->of->name, filter->names, filter->count,
                                         sizeof(*filter->names), sorted_compare_strings);
}

int events_compare(int64_t at_usec, int64_t number, const struct past_event *event)
{
        if (at_usec != event->at_usec)
                return at_usec < event->at_usec ? -1 : 1;
        return number < event->number ? -1 : number > event->number;
}

static int compare(const void *left, const void *right)
{
        const struct past_event *const *event = left;

        return events_compare((*event)->at_usec, (*event)->number, *(const struct past_event *const *)right);
}

static size_t count_all(const struct past *past, const struct event_filter *filter, int64_t until,
                        const struct past_event **events)
{
        size_t count = 0;

        for (const struct past_event *event = past->oldest; event && event->number <= until;
             event = event->newer)
                if (event_filter_takes(filter, event)) {
                        if (events)
                                events[count] = event;
                        count++;
                }
        return count;
}

/* Events are seldom out of order: those read from the volume come to be known late, and belong before
 * others. */
static bool are_in_order(const struct past_event **events, size_t count)
{
        for (size_t i = 1; i < count; i++)
                if (compare(&events[i - 1], &events[i]) > 0)
                        return false;
        return true;
}

int events_collect(const struct past *past, const struct event_filter *filter, int64_t until,
                   const struct past_event ***events, size_t *count)
{
        size_t found = count_all(past, filter, until, NULL);
        const struct past_event **made = reallocarray(NULL, found + 1, sizeof(struct past_event *));

        if (!made)
                return -ENOMEM;
        count_all(past, filter, until, made);
        if (!are_in_order(made, found))
                qsort(made, found, sizeof(*made), compare);
        *events = made;
        *count = found;
        return 0;
}

void events_write(const struct past_event *event, struct text *text)
{
        text_append_string(text, "{");
        text_append_member_string(text, "name", event->of->name);
        text_append_string(text, ",");
        text_append(text, event->line + 1, event->length - 2); /* without its braces */
        if (past_is_from_volume(event))
                text_append_member_bool(text, "from_volume", true);
        text_append_string(text, "}");
}
