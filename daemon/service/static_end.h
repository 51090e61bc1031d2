/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_STATIC_END_H
#define SERVICE_STATIC_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/bounds.h"
#include "daemon/edge/s6_status.h"

struct service;

/*
 * Of a static service: is it down because somebody told it to be, or because its finish script gave it up? s6 says the
 * same of both, "down, and not wanted". What tells them apart is what was seen before: who is told to end runs on for a
 * moment, and is not wanted any more; who ends by itself is wanted until its finish script is over.
 */
struct static_end {
        bool told;         /* the run was told to end, by whomever, or is a single one */
        bool ended_wanted; /* the last run ended, and s6 still wanted it */
        bool given_up;
        int64_t judged_usec;            /* of the status that `given_up` is about */
        int64_t ends_msec[STATIC_ENDS]; /* by clock_msec(), of the last ends that nobody asked for; 0: none */
        unsigned char next;
};

/* To be called with each status of it, before it is taken. */
void static_end_follow(struct service *service, const struct s6_status *now);

/* STATIC_ENDS times within STATIC_ENDS_MSEC. */
bool static_end_loops(const struct service *service);

/* For people, where it loops or was given up. */
void static_end_reason(const struct service *service, char *reason, size_t size);

#endif
