/* SPDX-License-Identifier: ISC */
#ifndef ORDER_BOOT_H
#define ORDER_BOOT_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/judge/record.h"
#include "proto/text.h"

struct registry;

/*
 * How far a boot is: what has no slot yet, and what could not have one. Nothing is given up: what could not be made is tried
 * again, after a pause that doubles.
 */
struct boot {
        bool looking;                  /* the volume is asked which profiles there are */
        bool follows;                  /* what is wanted has its slots: the rest come while people work */
        size_t profiles;               /* that are to have a slot, by the last look at the volume */
        size_t to_come;                /* of those, that the boot which goes on has not made yet */
        size_t missing;                /* of those, that could not be made */
        struct text lost;              /* their names, each ended by a NUL */
        char why[RECORD_REASON_BYTES]; /* the last one could not */
        unsigned pause_msec;           /* until they are tried again */
};

void boot_init(struct boot *boot, struct registry *registry);
void boot_deinit(struct boot *boot);

/* The volume is asked; and it has answered, or has not. */
void boot_look(struct registry *registry, bool looking);

/* A look at the volume found so many, and so many of them have no slot. */
void boot_begin(struct registry *registry, size_t profiles, size_t to_come);
/* From now on it is about what is down; and it is over. */
void boot_follow(struct registry *registry, bool follows);
/* May there be a profile whose slot is only about to come? */
bool boot_follows(const struct registry *registry);
/* One of them came, or could not be made: why. */
void boot_made(struct registry *registry);
void boot_lost(struct registry *registry, const char *profile, const char *why);

/* It was unregistered: it is not tried again. */
void boot_forget(struct registry *registry, const char *profile);

/* It is tried again: those that were lost, and no others. Of as many as the volume may have, each is looked up: so by
 * name. */
struct boot_lost {
        const char **
                names; /* sorted, and within the text that they come from; NULL: which they are is not known */
        size_t count;
};

void boot_sort_lost(const struct text *text, struct boot_lost *lost);
bool boot_is_lost(const struct boot_lost *lost, const char *profile);
void boot_free_lost(struct boot_lost *lost);

/* How long to wait before that. */
unsigned boot_pause_msec(struct registry *registry);

/* How many of those that could not be made have not come otherwise since. */
size_t boot_missing(const struct registry *registry);

/* Tells what of it is a problem, a line each, and what is only under way. */
void boot_check(const struct registry *registry, void (*tell)(void *owner, const char *line), void *owner);
void boot_notes(const struct registry *registry, void (*tell)(void *owner, const char *line), void *owner);

#endif
