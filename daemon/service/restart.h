/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_RESTART_H
#define SERVICE_RESTART_H

#include "daemon/service/service.h"

/*
 * A gateway without an open order, held against its record, and its logger, which is wanted as long as there is its
 * slot: what went down is braked and tried again; what came back is wanted up in s6 again too. judge/brake.h says when.
 * Static services' runs are s6's alone.
 */
bool restart_is_served(const struct service *service);

/* One that a broker with other options left: held for that, or no longer. */
void restart_take_option(struct service *service);

/* It runs in another container: looked at again in a while. */
void restart_hold_elsewhere(const struct registry *registry, struct record *record);

void restart_follow(struct run *run);

/* In how many milliseconds to look again; INT64_MAX: only when something is seen. */
int64_t restart_wait_msec(const struct run *run);

/* Forgets failures. A service that was in backoff or failed is held then, until somebody starts it. */
void restart_reset(struct service *service);

/* For a start by a person: nothing is held against the gateway any more, nor against its logger, which is started if
 * it does not run, and continued if it stands. */
void restart_forgive(struct service *service);

#endif
