/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_TURN_H
#define SERVICE_TURN_H

#include <stdbool.h>

#include "daemon/loop/watch.h"
#include "daemon/service/service.h"

/*
 * The turn of a service that was woken, in which it acts on what is known: it judges the goals of its runs,
 * sends orders, keeps to the record, sets the timer, and shows changes.
 */

/* Adds a service to the registry, of which nothing was seen yet. gateway: false for a static service. NULL:
 * out of memory. */
struct service *service_new(struct registry *registry, const char *name, bool gateway);

/*
 * Takes an event of a run's supervise directory: a living s6-supervise has written a status, or a supervisor
 * has ended or begun. What is there by now is noted at once, since the order of events matters; the service
 * is woken.
 */
void turn_on_watch(struct run *run, enum watch_event event);

/* Reads what no watch tells of, before a time of the service is judged; registry_catch_up() does the same for
 * what is watched. */
void service_catch_up(struct service *service);

/* Does an s6-supervise run for it? As the watch of its supervise directory says by now; where there is none, or
 * it has seen nobody, as the control FIFO says. */
bool service_has_supervisor(struct service *service);

/* Is a goal of that kind done by what is seen, whether the service has such a goal or none? false where it
 * has the opposite. */
bool service_has_come_to(const struct service *service, enum goal_kind kind);

/* Follows what has changed by time alone, or was found by a look (halts.h), shows it, and acts on nothing. */
void service_follow_time(struct service *service);

#endif
