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
 * Is a static service down because somebody told it to be, or because its finish script gave it up? s6 says
 * the same of both, "down, and not wanted". What tells them apart was seen before: a service that is told to
 * end runs on for a moment although s6 no longer wants it; a service that ends by itself is wanted until its
 * finish script has ended.
 */
struct static_end {
        bool told;                      /* the run was told to end, by whomever, or is a single one */
        bool ended_wanted;              /* the last run ended, and s6 still wanted the service */
        bool given_up;                  /* the finish script gave the service up */
        int64_t judged_usec;            /* since_usec of the status that `given_up` is about */
        int64_t ends_msec[STATIC_ENDS]; /* by clock_msec(), of the last ends that nobody asked for; 0: none */
        unsigned char next;             /* place in ends_msec of the next end, and so of the oldest */
};

/* Follows the status `now` of a static service. To be called with each, before it is taken. */
void static_end_follow(struct service *service, const struct s6_status *now);

/* Has the service ended STATIC_ENDS times within STATIC_ENDS_MSEC without being asked to? */
bool static_end_loops(const struct service *service);

/* Writes the reason for people, for a service that loops or was given up. */
void static_end_reason(const struct service *service, char *reason, size_t size);

#endif
