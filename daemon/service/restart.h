/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_RESTART_H
#define SERVICE_RESTART_H

#include "daemon/service/service.h"

/*
 * Keeps a gateway without an open order to its record, and its logger too, which is wanted as long as its
 * slot exists: a run that went down is braked and tried again; one that came back is made wanted in s6 again.
 * judge/brake.h says when. Static services' runs are s6's alone.
 */

/* Does the default gateway serve this gateway's profile? */
bool restart_is_served(const struct service *service);

/* For a slot that a broker with another multiplex option left: holds the gateway, or ends the hold, as the
 * option says now. */
void restart_take_option(struct service *service);

/* Writes into the record that the gateway is held, since it runs in another container, and when to look at
 * its lock again. */
void restart_hold_elsewhere(const struct registry *registry, struct record *record);

/* Judges the run, and does what the brake says; called at each step of the service. */
void restart_follow(struct run *run);

/* In how many milliseconds to judge again; INT64_MAX: only when something is seen. */
int64_t restart_wait_msec(const struct run *run);

/* Forgets failures. A service that was in backoff or failed is held then, until somebody starts it. */
void restart_reset(struct service *service);

/* For a person's start: forgets all that is held against the gateway, and against its logger, which is
 * started if it does not run, and continued if it is stopped. */
void restart_forgive(struct service *service);

#endif
