/* SPDX-License-Identifier: ISC */
#include "daemon/order/profiles_gone.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/service/registry.h"
#include "daemon/keep/survey.h"
#include "proto/sorted.h"

static int compare_homes(const void *left, const void *right)
{
        int64_t a = (*(struct service *const *)left)->record.home,
                b = (*(struct service *const *)right)->record.home;

        return (a > b) - (a < b);
}

int profiles_list_gone(const struct registry *registry, struct profiles_gone *gone)
{
        *gone = (struct profiles_gone){
                .services = reallocarray(NULL, registry->count + 1, sizeof(*gone->services))};
        if (!gone->services)
                return -ENOMEM;
        for (size_t i = 0; i < registry->count; i++)
                if (registry->services[i]->profile && registry->services[i]->record.gone &&
                    registry->services[i]->record.home)
                        gone->services[gone->count++] = registry->services[i];
        qsort(gone->services, gone->count, sizeof(*gone->services), compare_homes);
        return 0;
}

void profiles_free_gone(struct profiles_gone *gone)
{
        free(gone->services);
        *gone = (struct profiles_gone){0};
}

static int compare_home(const void *key, const void *element)
{
        int64_t home = *(const int64_t *)key, its = (*(struct service *const *)element)->record.home;

        return (home > its) - (home < its);
}

struct service *profiles_renamed_from(const struct profiles_gone *gone, const struct profile_facts *facts)
{
        size_t place = sorted_place(&facts->home, gone->services, gone->count, sizeof(*gone->services),
                                    compare_home);

        if (place == gone->count || !facts->exists || gone->services[place]->record.home != facts->home)
                return NULL;
        return gone->services[place];
}
