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
 * What happened to services. Whichever part of the model learns a fact notes it here, and nowhere else.
 * Noting a fact steps nothing: it only wakes those who tell of the fact (events.happened) and those who write
 * it down. It cannot fail: an event for which there is no memory is not in the history.
 */
struct history {
        struct past past;
        struct ready ready;        /* its step writes the events of one service into the slot */
        struct ready volume_ready; /* its step begins the next job of history_volume.h */
        struct timer volume_timer;
        size_t volume_next; /* place in past.services, where the next job begins to collect lines */
        bool volume_busy;   /* a job is under way */
        int volume_error;   /* errno of the last job; 0: it went well */
        int slot_error;     /* errno of the last write into a slot; 0: it went well */
};

void history_init(struct registry *registry);

/* Is there a slot of that name, which is not about to go? Of any other service nothing is written down. */
bool history_is_kept(const struct registry *registry, const char *name);

/* Reads what an earlier broker has noted in the service's slot. To be called before anything of the service
 * is seen. */
void history_recall(struct service *service);

/* Sets *by to who makes that call, by the kernel's word. To be called while the call is made: its caller may
 * be gone later. */
void history_see_caller(const struct registry *registry, struct ticket ticket, struct event_by *by);

/* Notes an order that is recorded. signal: with EVENT_SIGNAL, its number; else 0. */
void history_note_order(struct registry *registry, const char *name, enum event_order order, int signal,
                        const struct event_by *by);

/* Note the beginning and the end of a service's own run; parameters as in struct run_owner. A beginning that
 * an earlier broker has noted is not noted again. */
void history_note_began(struct service *service, const struct s6_status *now, bool late);
void history_note_ended(struct service *service, const struct s6_status *now, const struct ending *ending);

/* Notes what is new in `view`, which is about to be shown in the place of service->shown. */
void history_note_shown(struct service *service, const struct facts *facts, const struct view *view);

/* Notes the names of variables whose values have changed; at least one. */
void history_note_variables(struct service *service, const char *const *names, size_t count);

/* Notes that the container was started, and the service with it. */
void history_note_container(struct service *service);

#endif
