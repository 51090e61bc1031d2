/* SPDX-License-Identifier: ISC */
#include "daemon/judge/past.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "proto/sorted.h"

static int compare_name(const void *key, const void *element)
{
        const struct past_of *of = *(struct past_of *const *)element;

        return strcmp(key, of->name);
}

static size_t place_of(const struct past *past, const char *name)
{
        return sorted_place(name, past->services, past->count, sizeof(*past->services), compare_name);
}

struct past_of *past_of(const struct past *past, const char *name)
{
        size_t place = place_of(past, name);

        if (place < past->count && strcmp(past->services[place]->name, name) == 0)
                return past->services[place];
        return NULL;
}

/* The past of that service, which is made if there is none. NULL: out of memory. */
static struct past_of *past_make(struct past *past, const char *name)
{
        size_t place = place_of(past, name), length = strlen(name) + 1;
        struct past_of *of = past_of(past, name);

        if (of)
                return of;
        if (past->count == past->capacity) {
                size_t capacity = past->capacity ? past->capacity * 2 : 64;
                struct past_of **services = reallocarray(past->services, capacity, sizeof(struct past_of *));

                if (!services)
                        return NULL;
                past->services = services;
                past->capacity = capacity;
        }
        of = calloc(1, sizeof(*of) + length);
        if (!of)
                return NULL;
        memcpy(of->names, name, length);
        of->name = of->names;
        of->bytes = sizeof(*of) + length + PAST_EVENT_BYTES;
        past->bytes += of->bytes;
        memmove(&past->services[place + 1], &past->services[place],
                (past->count - place) * sizeof(past->services[0]));
        past->services[place] = of;
        past->count++;
        return of;
}

/* What an event takes in memory, with malloc's share. */
static size_t size_of(const struct past_event *event)
{
        return sizeof(*event) + event->length + PAST_EVENT_BYTES;
}

static void wait_for_slot(struct past *past, struct past_of *of)
{
        if (of->waits)
                return;
        of->waits = true;
        of->next = NULL;
        if (past->waiting_last)
                past->waiting_last->next = of;
        else
                past->waiting = of;
        past->waiting_last = of;
}

static void wait_no_more(struct past *past, struct past_of *of)
{
        struct past_of **at = &past->waiting, *before = NULL;

        if (!of->waits)
                return;
        for (; *at != of; at = &(*at)->next)
                before = *at;
        *at = of->next;
        if (past->waiting_last == of)
                past->waiting_last = before;
        of->waits = false;
}

static void forget_service(struct past *past, struct past_of *of)
{
        size_t place = place_of(past, of->name);

        wait_no_more(past, of);
        past->count--;
        memmove(&past->services[place], &past->services[place + 1],
                (past->count - place) * sizeof(past->services[0]));
        past->bytes -= of->bytes;
        free(of);
}

static void unlink_event(struct past *past, struct past_event *event)
{
        if (past->oldest == event)
                past->oldest = event->newer;
        else
                event->older->newer = event->newer;
        if (past->newest == event)
                past->newest = event->older;
        else
                event->newer->older = event->older;
}

/* Forgets `event`, which is the oldest of its service. */
static void forget_first(struct past *past, struct past_of *of, struct past_event *event)
{
        of->first = event->next;
        if (!of->first)
                of->last = NULL;
        unlink_event(past, event);
        of->bytes -= size_of(event);
        past->bytes -= size_of(event);
        if (past->evicted < event->number)
                past->evicted = event->number;
        past->lost += event->number > of->on_volume;
        free(event);
}

void past_deinit(struct past *past)
{
        for (size_t i = 0; i < past->count; i++) {
                struct past_of *of = past->services[i];

                for (struct past_event *event = of->first, *next; event; event = next) {
                        next = event->next;
                        free(event);
                }
                free(of);
        }
        free(past->services);
        *past = (struct past){0};
}

/* NULL: out of memory. */
static struct past_event *event_new(const struct event *event)
{
        struct past_event *made = NULL;
        struct text text;

        text_init(&text);
        event_write(event, &text);
        if (!text.failed)
                made = malloc(sizeof(*made) + text.length + 1);
        if (made) {
                *made = (struct past_event){
                        .at_usec = event->at_usec, .kind = event->kind, .length = text.length};
                memcpy(made->line, text.bytes, text.length);
                made->line[text.length] = '\0';
        }
        text_deinit(&text);
        return made;
}

static void remember(struct past_of *of, const struct event *event)
{
        if (event->kind == EVENT_BEGAN) {
                of->began_pid = event->pid;
                of->began_usec = event->at_usec;
                of->is_held = false;
        } else if (event->kind == EVENT_STATE) {
                of->is_held = true;
                of->held = event->state;
        } else if (event->kind == EVENT_ORDER) {
                of->is_held = false;
        }
}

static void append(struct past *past, struct past_of *of, struct past_event *event)
{
        event->of = of;
        event->number = ++past->number;
        if (of->last)
                of->last->next = event;
        else
                of->first = event;
        of->last = event;
        event->older = past->newest;
        if (past->newest)
                past->newest->newer = event;
        else
                past->oldest = event;
        past->newest = event;
        of->bytes += size_of(event);
        past->bytes += size_of(event);
        /* The newest event stays, and so does its service. */
        while (of->bytes > PAST_SERVICE_BYTES && of->first != event)
                forget_first(past, of, of->first);
        while (past->bytes > PAST_BYTES && past->oldest != event) {
                struct past_of *its = past->oldest->of;

                forget_first(past, its, past->oldest);
                if (!its->first)
                        forget_service(past, its);
        }
}

bool past_add(struct past *past, const char *name, const struct event *event)
{
        struct past_event *made = event_new(event);
        struct past_of *of = made ? past_make(past, name) : NULL;

        if (!of) {
                free(made);
                return false;
        }
        remember(of, event);
        append(past, of, made);
        wait_for_slot(past, of);
        return true;
}

bool past_add_again(struct past *past, const char *name, const struct event *event)
{
        struct past_of *of;

        if (!past_add(past, name, event))
                return false;
        of = past_of(past, name);
        of->in_slot = of->on_volume = past->number;
        return true;
}

static bool is_there(const struct past_of *of, const struct past_event *event)
{
        for (const struct past_event *at = of->first; at; at = at->next)
                if (at->length == event->length && memcmp(at->line, event->line, at->length) == 0)
                        return true;
        return false;
}

bool past_add_older(struct past *past, const char *name, const struct event *event)
{
        struct past_event *made = event_new(event);
        struct past_of *of = made ? past_make(past, name) : NULL;
        bool fits = of && of->bytes + size_of(made) <= PAST_SERVICE_BYTES &&
                    past->bytes + size_of(made) <= PAST_BYTES;

        if (!fits || is_there(of, made)) {
                free(made);
                if (of && !of->first)
                        forget_service(past, of);
                return fits;
        }
        made->number = --past->lowest;
        made->of = of;
        made->next = of->first;
        of->first = made;
        of->last = of->last ? of->last : made;
        made->newer = past->oldest;
        if (past->oldest)
                past->oldest->older = made;
        else
                past->newest = made;
        past->oldest = made;
        of->bytes += size_of(made);
        past->bytes += size_of(made);
        return true;
}

bool past_waits_for_slot(const struct past_of *of)
{
        return of->last->number > of->in_slot;
}

struct past_of *past_next_for_slot(struct past *past)
{
        while (past->waiting && !past_waits_for_slot(past->waiting))
                wait_no_more(past, past->waiting);
        return past->waiting;
}

bool past_waits_for_volume(const struct past_of *of)
{
        return of->last->number > of->on_volume;
}

int64_t past_lines(const struct past_of *of, int64_t after, size_t most, struct text *text)
{
        int64_t last = after;

        for (const struct past_event *at = of->first; at && text->length <= most; at = at->next) {
                if (at->number <= after)
                        continue;
                text_append(text, at->line, at->length);
                text_append_string(text, "\n");
                last = at->number;
        }
        return last;
}
