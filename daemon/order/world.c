/* SPDX-License-Identifier: ISC */
#include "daemon/order/world.h"

#include "daemon/service/history_volume.h"
#include "daemon/service/persist.h"
#include "daemon/service/starts.h"
#include "daemon/service/watches.h"
#include "daemon/slot/adopt.h"
#include "daemon/slot/registration.h"
#include "daemon/slot/removal.h"
#include "daemon/slot/renewal.h"
#include "daemon/slot/revival.h"
#include "daemon/slot/scan.h"

static void on_entry(void *owner, const char *name)
{
        struct world *world = owner;

        noted_add(&world->scan, name);
}

static void on_slot(void *owner, const char *name)
{
        struct world *world = owner;

        noted_add(&world->late, name);
}

static void on_alone(void *owner)
{
        struct world *world = owner;

        publication_rescan(&world->registry);
}

static void on_round(void *owner)
{
        struct world *world = owner;

        revival_turn(&world->registry);
        renewal_turn(&world->registry);
}

/* A gateway has ended whose profile's directory is gone: the profile that has the directory now may begin. */
static void on_left(void *owner)
{
        struct world *world = owner;

        profiles_look_soon(&world->registry);
}

static void on_forgotten(void *owner, const char *profile)
{
        struct world *world = owner;

        reconcile_forget(&world->reconciles, profile);
}

int world_init(struct world *world, uv_loop_t *loop)
{
        struct registry *registry = &world->registry;
        int result = registry_init(registry, loop);

        registry->above =
                (struct registry_above){world, on_entry, on_slot, on_alone, on_round, on_left, on_forgotten};
        scan_init(&world->scan, registry);
        adopt_init(&world->late, registry);
        publication_init(&world->publication, registry);
        persist_init(registry);
        history_init(registry);
        history_volume_init(registry);
        halts_init(registry);
        starts_init(registry);
        boot_init(&world->boot, registry);
        reconcile_init(&world->reconciles, registry);
        world->reconciles.booted = profiles_open;
        profiles_init(&world->profiles, registry);
        watches_init(registry);
        return result;
}

void world_deinit(struct world *world)
{
        struct registry *registry = &world->registry;

        registry->stopping = true;
        deputy_close(&registry->deputy); /* its jobs are parts of operations */
        store_close(&registry->store);
        for (size_t i = 0; i < registry->count; i++) {
                registration_drop(registry->services[i]);
                removal_drop(registry->services[i]);
        }
        ready_close(&registry->ready);
        noted_deinit(&world->scan);
        noted_deinit(&world->late);
        reconcile_drop(&world->reconciles);
        boot_deinit(&world->boot);
        profiles_close(&world->profiles);
        publication_close(&world->publication);
        timer_close(&registry->persist_again, NULL);
        timer_close(&registry->history.volume_timer, NULL);
        timer_close(&registry->poll.turn, NULL);
        timer_close(&registry->halts.turn, NULL);
        registry_deinit(registry);
}
