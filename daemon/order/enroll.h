/* SPDX-License-Identifier: ISC */
#ifndef ORDER_ENROLL_H
#define ORDER_ENROLL_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/judge/fault.h"

struct registry;

/*
 * Makes slots for profiles that are on the volume and have none, with the environment that the volume's
 * record has. A gateway that this record wants up is started as after a boot (stagger.h), unless something
 * holds it; any other is down. Profiles that are not on the volume are passed over.
 */
struct enroll_events {
        /* Why a profile has no slot, if not for lack of such a profile. profile NULL: none of them has. */
        void (*refused)(void *owner, const char *profile, const struct fault *fault);
        void (*done)(void *owner); /* once, on a later turn of the loop */
        void *owner;
};

/* root: root asks. Returns 0, or -ENOMEM with nothing begun. */
int enroll(struct registry *registry, const char *const *profiles, size_t count, bool root,
           struct enroll_events events);

#endif
