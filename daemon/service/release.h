/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_RELEASE_H
#define SERVICE_RELEASE_H

#include <stdbool.h>

struct record;
struct service;

/* What is held for a reason that is no failure of its own: that its profile is gone, or that the default gateway
 * serves it. */

/* Is it held for that reason? The multiplex's is known by its cause, too. */
bool release_is_held(const struct record *record, const char *reason);

/* It is not held for that reason any more, and started if it is wanted. */
void release(struct service *service, const char *reason);

#endif
