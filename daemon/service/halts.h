/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_HALTS_H
#define SERVICE_HALTS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/loop/timer.h"

struct registry;
struct service;

/* Looks at processes that nothing tells of: one that was stopped does nothing. */

/* A round of looks at all of them, in slices. */
struct halt_round {
        struct timer turn;
        size_t next;        /* of the registry's services */
        int64_t begun_msec; /* by clock_msec(); 0: none was */
};

/* Somebody asks how a service is: what nothing tells of is looked at, and a change is shown; at most once within
 * HALT_LOOK_ONE_MSEC. */
void halts_look(struct service *service);

/* The same of all services: at most once within HALT_LOOK_MSEC, HALT_SERVICES at once, and the others soon. */
void halts_look_at_all(struct registry *registry);
void halts_init(struct registry *registry);

#endif
