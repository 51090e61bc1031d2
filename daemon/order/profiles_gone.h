/* SPDX-License-Identifier: ISC */
#ifndef ORDER_PROFILES_GONE_H
#define ORDER_PROFILES_GONE_H

#include <stddef.h>

struct profile_facts;
struct registry;
struct service;

/* Gateways whose profiles' directories are gone, sorted by which directory each was: each of as many profiles
 * as the volume may have is looked up here, since it may be one of them under another name. */
struct profiles_gone {
        struct service **services;
        size_t count;
};

/* Returns 0 or -ENOMEM. */
int profiles_list_gone(const struct registry *registry, struct profiles_gone *gone);
void profiles_free_gone(struct profiles_gone *gone);

/* The gateway whose profile's directory is in `facts` under another name now; NULL: there is none. */
struct service *profiles_renamed_from(const struct profiles_gone *gone, const struct profile_facts *facts);

#endif
