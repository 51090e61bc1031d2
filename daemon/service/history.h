/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_HISTORY_H
#define SERVICE_HISTORY_H

#include <stdbool.h>

#include "daemon/edge/s6_status.h"
#include "daemon/judge/past.h"
#include "daemon/judge/view.h"
#include "daemon/loop/ready.h"
#include "daemon/loop/timer.h"

struct registry;
struct run;
struct service;
struct ticket;

/*
 * What happened to services: each fact is noted here, by whoever of the model learns it, and nowhere else. Noting calls
 * nothing: it wakes those who tell of it (events.happened), and who writes it into the slot. It cannot fail: an event for which
 * there is no memory is not in the history.
 */
struct history {
        struct past past;
        struct ready ready;        /* writes it into the slots, one at a time */
        size_t next;               /* of past.services: who is looked at */
        struct ready volume_ready; /* history_volume.h: begins its next job */
        struct timer volume_timer;
        size_t volume_next; /* of past.services: whose lines are collected first */
        bool volume_busy;   /* a job is under way */
        int volume_error;   /* errno of the last one; 0: it went well */
        int slot_error;     /* errno of the last time; 0: it went well */
};

void history_init(struct registry *registry);

/* What a broker before this one has noted in its slot: before anything of it is seen. */
void history_recall(struct service *service);

/* Who makes that call, by the kernel's word: asked while the call is made, since they may be gone later. */
void history_see_caller(const struct registry *registry, struct ticket ticket, struct event_by *by);

/* Somebody ordered something, which is recorded. signal: of EVENT_SIGNAL, its number; 0: none. */
void history_note_order(struct registry *registry, const char *name, enum event_order order, int signal,
                        const struct event_by *by);

/* Of a service's own run, as struct run_owner has it. A run that a broker before this one has noted is not noted again. */
void history_note_began(struct service *service, const struct s6_status *now, bool late);
void history_note_ended(struct service *service, const struct s6_status *now);

/* What is shown of it is about to be that, and was service->shown. */
void history_note_shown(struct service *service, const struct facts *facts, const struct view *view);

/* The names of the variables that are different now; at least one. */
void history_note_variables(struct service *service, const char *const *names, size_t count);

/* It came with the container. */
void history_note_container(struct service *service);

#endif
