/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_PROGRESS_H
#define CLIENT_TALK_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/text/printable.h"

struct json_object;

/* The services that are still waited for, and what a person at a terminal is told about them meanwhile.
 * Pure. */

/* Up to this many pending services have a line each; more are only counted. */
#define PROGRESS_LINES_MAX 4

struct pending {
        char *name;
        char *state; /* NULL: not known yet */
        int64_t since_msec;
        bool settled;
};

struct progress {
        struct pending *services;
        size_t count;
        bool open;                /* --all: every gateway that turns up is waited for, too */
        bool only_wanted;         /* --all: but only those that are wanted up */
        bool not_served;          /* --all: but none that the default gateway serves */
        bool lost;                /* the broker is away */
        bool failed;              /* memory was short */
        enum printable printable; /* what of others' text stays; ASCII at first */
        int64_t begun_msec;
};

/* Begins the waiting. names: of services, or NULL for all gateways, which progress_note() names. */
void progress_init(struct progress *progress, struct json_object *names, int64_t now_msec);
void progress_deinit(struct progress *progress);

/* Notes the state of a service, as Watch tells it. */
void progress_note(struct progress *progress, struct json_object *service, int64_t now_msec);

/* Stops waiting for a service. Returns false if that had been done before for this service. */
bool progress_settle(struct progress *progress, const char *name);

size_t progress_pending(const struct progress *progress);
const char *progress_first(const struct progress *progress); /* the first pending; NULL if there is none */

/* Returns the lines to show, each ended by a newline and at most `columns` wide: free() them. NULL when out
 * of memory. */
char *progress_text(const struct progress *progress, int64_t now_msec, size_t columns);

#endif
