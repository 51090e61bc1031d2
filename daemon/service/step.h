/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_STEP_H
#define SERVICE_STEP_H

#include <stdint.h>

struct service;

/* How far the runs of a service are on their way, and whether their processes are at work. */

/* Follows the steps of the service's own run and its logger's, by what is known now. */
void step_follow(struct service *service);

/* In how many milliseconds a step or a halt may be shown differently; INT64_MAX: only when something is
 * seen. */
int64_t step_next_msec(const struct service *service);

#endif
