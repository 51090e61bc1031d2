/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_TURN_H
#define SERVICE_TURN_H

#include <stdbool.h>

#include "daemon/loop/watch.h"
#include "daemon/service/service.h"

/*
 * The turn of a service that was woken: it acts on what is known. It judges the goals of its runs, sends, keeps to the
 * record, sets the timer, shows changes.
 */

/* A new entry of the registry, nothing seen of it yet. NULL: out of memory. gateway: or a static service. */
struct service *service_new(struct registry *registry, const char *name, bool gateway);

/*
 * Of a run's supervise directory: a status was written by a living s6-supervise, or a supervisor ended or began to.
 * What is there by now is noted at once, since the order of events matters.
 */
void turn_on_watch(struct run *run, enum watch_event event);

/* Before a time of it is judged: reads what nobody would tell of. What is watched is told by
 * registry_catch_up(). */
void service_catch_up(struct service *service);

/* Would a goal of that kind be done by what is seen, or is it? Not where the opposite was ordered since. */
bool service_has_come_to(const struct service *service, enum goal_kind kind);

/* Follows what time changes, or a look at something that nobody tells of, and acts on nothing. */
void service_follow_time(struct service *service);

#endif
