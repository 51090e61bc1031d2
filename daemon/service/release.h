/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_RELEASE_H
#define SERVICE_RELEASE_H

#include <stdbool.h>

struct record;
struct service;

/* Gateways that are held for a reason that is no failure of their own: that the profile is gone
 * (HOME_GONE_REASON), or that the default gateway serves it (MULTIPLEX_REASON). */

/* Is the gateway held for that reason? MULTIPLEX_REASON is recognised by CAUSE_SERVED as well. */
bool release_is_held(const struct record *record, const char *reason);

/* Ends the hold for that reason, if there is one, and starts the gateway if it is wanted. */
void release(struct service *service, const char *reason);

#endif
