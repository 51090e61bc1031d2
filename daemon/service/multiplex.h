/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_MULTIPLEX_H
#define SERVICE_MULTIPLEX_H

#include <stdbool.h>

#include "daemon/judge/multiplex_config.h"

struct record;
struct registry;
struct service;

/*
 * Does the default gateway serve every profile? Then the others are held, whatever is wanted. The
 * environment (GATEWAY_MULTIPLEX_PROFILES, as an option) wins; where it says nothing, config.yaml on the
 * volume does, which is looked at when an order or a reconcile comes, and when a gateway ends.
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

/* Is it config.yaml that says? */
bool multiplex_asks_volume(const struct registry *registry);

/* What config.yaml says now. One that cannot be read changes nothing. Those that were held for it are
 * started, if they are wanted; those that run do so until they end. */
void multiplex_take(struct registry *registry, enum multiplex_config config);

/* For a profile that the default gateway serves too: held, whatever is wanted. */
bool multiplex_holds(const struct registry *registry, const char *profile);
void multiplex_hold(const struct registry *registry, const char *profile, struct record *record);

#endif
