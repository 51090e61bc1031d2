/* SPDX-License-Identifier: ISC */
#ifndef ORDER_WORLD_H
#define ORDER_WORLD_H

#include "daemon/order/boot.h"
#include "daemon/order/profiles.h"
#include "daemon/order/reconcile.h"
#include "daemon/service/registry.h"
#include "daemon/slot/noted.h"
#include "daemon/slot/publication.h"

/* The model put together: what each room has of it, and what goes up from one to the next. */
struct world {
        struct registry registry;
        struct publication publication;
        struct noted scan; /* entries of the scan directory */
        struct noted late; /* entries of the services directory: slots that come after the start */
        struct reconciles reconciles;
        struct boot boot;
        struct profiles profiles;
};

/* registry.scandir and registry.slots must be open. Returns 0 or a negative errno. */
int world_init(struct world *world, uv_loop_t *loop);

/* Forgets everything, touching nothing outside the process. */
void world_deinit(struct world *world);

#endif
