/* SPDX-License-Identifier: ISC */
#ifndef ORDER_PROFILES_GONE_H
#define ORDER_PROFILES_GONE_H

#include <stddef.h>

struct profile_facts;
struct registry;
struct service;

/* Gateways whose profiles' directories are gone, by which they were: of as many profiles as the volume may
 * have each may be one of them by another name. 0 or -ENOMEM. */
struct profiles_gone {
        struct service **services;
        size_t count;
};

int profiles_list_gone(const struct registry *registry, struct profiles_gone *gone);
void profiles_free_gone(struct profiles_gone *gone);

/* The gateway, if there is one, whose profile's directory that is, under another name. */
struct service *profiles_renamed_from(const struct profiles_gone *gone, const struct profile_facts *facts);

#endif
