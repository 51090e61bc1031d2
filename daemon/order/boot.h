/* SPDX-License-Identifier: ISC */
#ifndef ORDER_BOOT_H
#define ORDER_BOOT_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/judge/record.h"
#include "proto/text.h"

struct registry;

/*
 * How far a boot is: which profiles have no slot yet, and which could not be given one. None is given up: a
 * slot that could not be made is tried again, after a pause that doubles.
 */
struct boot {
        bool looking;     /* the volume is asked which profiles there are */
        bool follows;     /* gateways that are wanted have slots: the rest follow while people work */
        size_t profiles;  /* that are to have a slot, by the last look at the volume */
        size_t to_come;   /* those of them that the running boot has not made yet */
        size_t missing;   /* those of them that could not be made */
        struct text lost; /* names of the missing ones, each ended by a NUL */
        char why[RECORD_REASON_BYTES]; /* the last of them could not be made */
        unsigned pause_msec;           /* until the missing ones are tried again */
};

void boot_init(struct boot *boot, struct registry *registry);
void boot_deinit(struct boot *boot);

/* looking: the volume is asked for the profiles; else it has answered, or has had its time. */
void boot_look(struct registry *registry, bool looking);

/* A look at the volume found so many profiles that are to have a slot, and `to_come` of them have none. No
 * slot counts as lost now. */
void boot_begin(struct registry *registry, size_t profiles, size_t to_come);
/* follows: all that is wanted has its slot, and the boot goes on with what is down; else the boot is over. */
void boot_follow(struct registry *registry, bool follows);
/* May there be a profile whose slot is only about to come? */
bool boot_follows(const struct registry *registry);
/* boot_made(): a slot that was to come is there, or is not wanted any longer. boot_lost(): it could not be
 * made, and `why` says why. */
void boot_made(struct registry *registry);
void boot_lost(struct registry *registry, const char *profile, const char *why);

/* The profile was unregistered: its slot is not tried again. */
void boot_forget(struct registry *registry, const char *profile);

/* The profiles whose slots could not be made: these are tried again, and no others. They are sorted, since
 * each of as many profiles as the volume may have is looked up among them. */
struct boot_lost {
        /* Sorted, pointing into the text that they come from; NULL: which they are is not known. */
        const char **names;
        size_t count;
};

void boot_sort_lost(const struct text *text, struct boot_lost *lost);
/* True for every profile if the names are not known. */
bool boot_is_lost(const struct boot_lost *lost, const char *profile);
void boot_free_lost(struct boot_lost *lost);

/* How long to wait before slots that are missing are tried again: doubles with each call, up to
 * BOOT_AGAIN_MOST_MSEC; 0: none is missing. */
unsigned boot_pause_msec(struct registry *registry);

/* How many of the slots that could not be made have not come in another way since. */
size_t boot_missing(const struct registry *registry);

/* boot_check() tells what is wrong after a boot, boot_notes() what is only under way; a line each. */
void boot_check(const struct registry *registry, void (*tell)(void *owner, const char *line), void *owner);
void boot_notes(const struct registry *registry, void (*tell)(void *owner, const char *line), void *owner);

#endif
