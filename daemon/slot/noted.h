/* SPDX-License-Identifier: ISC */
#ifndef SLOT_NOTED_H
#define SLOT_NOTED_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/loop/ready.h"
#include "proto/text.h"

struct registry;

/* Names of entries of a directory that came or went, noted until it is their turn to be looked at, one each. */
struct noted {
        struct ready ready;
        struct registry *registry;
        struct text names; /* each ended by a NUL */
        size_t at;
        size_t whole_bytes; /* of these names, that are of a look at the whole directory */
        bool all;           /* more than are noted, or unseen: the whole directory is looked at */
};

void noted_init(struct noted *noted, struct registry *registry, bool (*step)(struct ready *ready));
void noted_deinit(struct noted *noted);

/* name NULL: any may have. */
void noted_add(struct noted *noted, const char *name);

/* The next one; it stays until noted_add(). NULL: there is none. */
const char *noted_take(struct noted *noted);
bool noted_has_more(const struct noted *noted);

/* The whole directory is to be looked at, and whatever else was noted need not be. */
bool noted_take_all(struct noted *noted);

/* These are the names of the whole directory: they are noted instead of whatever was. Takes the text. 0 or -ENOMEM. */
int noted_whole(struct noted *noted, struct text *names);

/* Such names are still to be taken. */
bool noted_is_whole(const struct noted *noted);

#endif
