/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_HALTS_H
#define SERVICE_HALTS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/loop/timer.h"

struct registry;
struct service;

/* Looks whether services' processes are at work: nothing tells of a process that is stopped. */

/* A round of looks at all services, in slices. */
struct halt_round {
        struct timer turn;
        size_t next;        /* place in the registry's services */
        int64_t begun_msec; /* by clock_msec(): when the last round began; 0: none did */
};

/* Looks at the processes of a service that somebody asks about, and shows a change; at most once within
 * HALT_LOOK_ONE_MSEC. */
void halts_look(struct service *service);

/* Looks at all services' processes: at most once within HALT_LOOK_MSEC, HALT_SERVICES at once, and the others
 * soon. */
void halts_look_at_all(struct registry *registry);
void halts_init(struct registry *registry);

#endif
