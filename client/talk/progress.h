/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TALK_PROGRESS_H
#define CLIENT_TALK_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/text/printable.h"

struct json_object;

/* What is still waited for, and what a person at a terminal is told about it meanwhile. Pure. */

/* A line for each service up to that many; more are counted. */
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
        bool open;        /* --all: every gateway that turns up is waited for, too */
        bool only_wanted; /* of those, only what is wanted up */
        bool not_served;  /* and not what the default gateway serves */
        bool lost;        /* the broker is away */
        bool failed;
        enum printable printable; /* what of others' text stays; ASCII at first */
        int64_t begun_msec;
};

/* names: of services, or NULL for all gateways, which progress_note() tells of. */
void progress_init(struct progress *progress, struct json_object *names, int64_t now_msec);
void progress_deinit(struct progress *progress);

/* A state of a service, as Watch tells it. */
void progress_note(struct progress *progress, struct json_object *service, int64_t now_msec);

/* Notes that a service is waited for no more. false: it was not waited for any more before that. */
bool progress_settle(struct progress *progress, const char *name);

size_t progress_pending(const struct progress *progress);
const char *progress_first(const struct progress *progress); /* pending; NULL if there is none */

/* Lines, each ended by a newline and at most `columns` wide; free() it. NULL when out of memory. */
char *progress_text(const struct progress *progress, int64_t now_msec, size_t columns);

#endif
