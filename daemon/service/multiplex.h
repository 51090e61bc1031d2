/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_MULTIPLEX_H
#define SERVICE_MULTIPLEX_H

#include <stdbool.h>

#include "daemon/judge/multiplex_config.h"

struct record;
struct registry;
struct service;

/*
 * Does the default gateway serve every profile? Then the other gateways are held, whatever is wanted. The
 * environment (GATEWAY_MULTIPLEX_PROFILES, as an option) wins; where it says nothing, config.yaml on the
 * volume decides, which is looked at when an order or a reconcile comes, and when a gateway ends.
 */
enum multiplex_from {
        MULTIPLEX_FROM_CONFIG, /* the environment says nothing */
        MULTIPLEX_IS_ON,
        MULTIPLEX_IS_OFF,
};

#define MULTIPLEX_REASON                                                                                     \
        "the default gateway serves every profile (GATEWAY_MULTIPLEX_PROFILES, or config.yaml's "            \
        "multiplex_profiles)"

void multiplex_init(struct registry *registry, enum multiplex_from from);

/* Does config.yaml decide, since the environment says nothing? */
bool multiplex_asks_volume(const struct registry *registry);

/* Takes what config.yaml says now; one that cannot be read changes nothing. If it says no, gateways that were
 * held are started, as far as they are wanted; if it says yes, those that run go on until they end. */
void multiplex_take(struct registry *registry, enum multiplex_config config);

/* Does the default gateway serve this profile too? multiplex_hold() then writes into the record that a wanted
 * gateway is held. */
bool multiplex_holds(const struct registry *registry, const char *profile);
void multiplex_hold(const struct registry *registry, const char *profile, struct record *record);

#endif
