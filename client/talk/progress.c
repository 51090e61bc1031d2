/* SPDX-License-Identifier: ISC */
#include "client/talk/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/say/state.h"
#include "client/text/duration.h"
#include "client/text/stream.h"
#include "client/text/width.h"

#define SUMMARY_STATES_MAX 16
#define LINE_BYTES 512

static struct pending *find(const struct progress *progress, const char *name)
{
        for (size_t i = 0; i < progress->count; i++) {
                if (strcmp(progress->services[i].name, name) == 0)
                        return &progress->services[i];
        }
        return NULL;
}

static struct pending *add(struct progress *progress, const char *name, int64_t now_msec)
{
        struct pending *services =
                realloc(progress->services, (progress->count + 1) * sizeof(*progress->services));
        char *copy = strdup(name);

        if (services)
                progress->services = services;
        if (!services || !copy) {
                progress->failed = true;
                free(copy);
                return NULL;
        }
        services[progress->count] = (struct pending){.name = copy, .since_msec = now_msec};
        return &services[progress->count++];
}

void progress_init(struct progress *progress, struct json_object *names, int64_t now_msec)
{
        *progress = (struct progress){.open = !names, .begun_msec = now_msec};
        for (size_t i = 0; names && i < json_object_array_length(names); i++)
                add(progress, json_object_get_string(json_object_array_get_idx(names, i)), now_msec);
}

void progress_deinit(struct progress *progress)
{
        for (size_t i = 0; i < progress->count; i++) {
                free(progress->services[i].name);
                free(progress->services[i].state);
        }
        free(progress->services);
        *progress = (struct progress){0};
}

/* Whether an order to all means a service that turns up. */
static bool is_meant(const struct progress *progress, struct json_object *service)
{
        const struct state *state = state_of(service);

        if (!progress->open || !member_is(service, "kind", "gateway"))
                return false;
        return !(progress->only_wanted && member_is(service, "want", "down")) &&
               !(progress->not_served && state->kind == STATE_SERVED);
}

void progress_note(struct progress *progress, struct json_object *service, int64_t now_msec)
{
        const char *name = member_string(service, "name");
        const char *state = member_string(service, "state");
        struct pending *pending;
        char *copy;

        if (!name || !state)
                return;
        pending = find(progress, name);
        if (!pending && is_meant(progress, service))
                pending = add(progress, name, progress->begun_msec);
        if (!pending || (pending->state && strcmp(pending->state, state) == 0))
                return;
        copy = strdup(state);
        if (!copy)
                return;
        if (pending->state)
                pending->since_msec = now_msec;
        free(pending->state);
        pending->state = copy;
}

bool progress_settle(struct progress *progress, const char *name)
{
        struct pending *pending = find(progress, name);

        if (!pending && progress->open)
                pending = add(progress, name, progress->begun_msec);
        if (!pending)
                return true;
        if (pending->settled)
                return false;
        pending->settled = true;
        return true;
}

size_t progress_pending(const struct progress *progress)
{
        size_t pending = 0;

        for (size_t i = 0; i < progress->count; i++)
                pending += !progress->services[i].settled;
        return pending;
}

const char *progress_first(const struct progress *progress)
{
        for (size_t i = 0; i < progress->count; i++) {
                if (!progress->services[i].settled)
                        return progress->services[i].name;
        }
        return NULL;
}

/* Writes a duration of at least a second: parts of a second are noise here. */
static const char *duration_text(int64_t msec, char *buffer)
{
        return duration_format(msec < 1000 ? 1000 : msec, buffer);
}

/* Writes a line cut to the terminal's width: a wider one would wrap, and could not be erased. */
static void write_line(FILE *file, const char *line, enum printable printable, size_t columns)
{
        char *text = printable_text(line, printable);

        if (text)
                fprintf(file, "%.*s\n", (int)width_fit(text, strlen(text), columns), text);
        free(text);
}

static void write_services(FILE *file, const struct progress *progress, int64_t now_msec, size_t columns)
{
        char line[LINE_BYTES], duration[DURATION_TEXT_BYTES];

        for (size_t i = 0; i < progress->count; i++) {
                const struct pending *pending = &progress->services[i];

                if (pending->settled)
                        continue;
                snprintf(line, sizeof(line), "%s: %s for %s", pending->name,
                         progress->lost   ? "the broker is away; waiting"
                         : pending->state ? pending->state
                                          : "waiting",
                         duration_text(now_msec - pending->since_msec, duration));
                write_line(file, line, progress->printable, columns);
        }
}

/* Writes how many pending services are in which state, in the order in which the states turn up. */
static void write_states(FILE *file, const struct progress *progress)
{
        struct {
                const char *state;
                size_t count;
        } states[SUMMARY_STATES_MAX];
        size_t count = 0;

        for (size_t i = 0; i < progress->count; i++) {
                const struct pending *pending = &progress->services[i];
                const char *state = pending->state ? pending->state : "waiting";
                size_t j = 0;

                if (pending->settled)
                        continue;
                while (j < count && strcmp(states[j].state, state) != 0)
                        j++;
                if (j == SUMMARY_STATES_MAX)
                        continue;
                if (j == count) {
                        states[count].state = state;
                        states[count++].count = 0;
                }
                states[j].count++;
        }
        for (size_t j = 0; j < count; j++)
                fprintf(file, "%s%zu %s", j ? ", " : "", states[j].count, states[j].state);
}

static void write_summary(FILE *file, const struct progress *progress, int64_t now_msec, size_t columns)
{
        char duration[DURATION_TEXT_BYTES];
        char *line = NULL;
        size_t size;
        FILE *memory = open_memstream(&line, &size);

        if (!memory)
                return;
        fprintf(memory, "%zu of %zu done, ", progress->count - progress_pending(progress), progress->count);
        if (progress->lost)
                fputs("the broker is away", memory);
        else
                write_states(memory, progress);
        fprintf(memory, ", for %s", duration_text(now_msec - progress->begun_msec, duration));
        line = stream_text(memory, &line);
        if (line)
                write_line(file, line, progress->printable, columns);
        free(line);
}

char *progress_text(const struct progress *progress, int64_t now_msec, size_t columns)
{
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        if (file && progress_pending(progress) <= PROGRESS_LINES_MAX)
                write_services(file, progress, now_msec, columns);
        else if (file)
                write_summary(file, progress, now_msec, columns);
        return stream_text(file, &text);
}
