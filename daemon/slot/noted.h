/* SPDX-License-Identifier: ISC */
#ifndef SLOT_NOTED_H
#define SLOT_NOTED_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/loop/ready.h"
#include "proto/text.h"

struct registry;

/* Names of entries of a directory that came or went, noted until each has its turn to be looked at. */
struct noted {
        struct ready ready;
        struct registry *registry;
        struct text names;  /* each ended by a NUL */
        size_t at;          /* of the name that is taken next */
        size_t whole_bytes; /* at the front, of names from noted_whole() */
        bool all;           /* more came or went than is noted: the whole directory is to be looked at */
};

void noted_init(struct noted *noted, struct registry *registry, bool (*step)(struct ready *ready));
void noted_deinit(struct noted *noted);

/* The entry of that name came or went; NULL: any may have. Wakes `ready`. */
void noted_add(struct noted *noted, const char *name);

/* Takes the next name, which is valid until the next noted_add() or noted_whole(). NULL: there is none. */
const char *noted_take(struct noted *noted);
bool noted_has_more(const struct noted *noted);

/* True, once: the whole directory is to be looked at, and the names that were noted are dropped. */
bool noted_take_all(struct noted *noted);

/* Notes the names of the whole directory instead of what was noted. Takes the text. Returns 0 or -ENOMEM. */
int noted_whole(struct noted *noted, struct text *names);

/* Are names from noted_whole() still to be taken? */
bool noted_is_whole(const struct noted *noted);

#endif
