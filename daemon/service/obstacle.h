/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_OBSTACLE_H
#define SERVICE_OBSTACLE_H

#include <stdint.h>

struct service;

/* What keeps an order from being carried out: an s6-supervise that was stopped, or that hangs, leaves orders
 * in its FIFO. */

/* Looks at the FIFOs of the service's runs, and notes whether orders lie there for too long (UNREAD_MSEC). */
void obstacle_follow(struct service *service);

/* What was noted, for people: a static string; NULL: nothing. */
const char *obstacle_of(const struct service *service);

/* In how many milliseconds to look again; INT64_MAX: only when something is seen or ordered. */
int64_t obstacle_wait_msec(const struct service *service);

/* What keeps a removal waiting: orders that lie unread, for however short a time, or else a finish script. A
 * static string; NULL: neither. */
const char *obstacle_now(const struct service *service);

#endif
