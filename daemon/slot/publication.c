/* SPDX-License-Identifier: ISC */
#include "daemon/slot/publication.h"

#include <errno.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/service/registry.h"
#include "proto/sysname.h"

static bool any_loud(const struct registry *registry)
{
        for (size_t i = 0; i < registry->count; i++)
                if (registry->services[i]->place.kind == PLACE_LEAVING && !registry->services[i]->place.quiet)
                        return true;
        return false;
}

static bool any(const struct registry *registry, enum place_kind kind)
{
        for (size_t i = 0; i < registry->count; i++)
                if (registry->services[i]->place.kind == kind)
                        return true;
        return false;
}

static void each(const struct registry *registry, enum place_kind kind, void (*act)(struct service *service))
{
        for (size_t i = 0; i < registry->count; i++)
                if (registry->services[i]->place.kind == kind)
                        act(registry->services[i]);
}

/* Until when, by clock_msec(), a slot without a supervisor keeps removals waiting. */
static int64_t publication_held_until(const struct registry *registry)
{
        int64_t until_msec = 0;

        for (size_t i = 0; i < registry->count; i++) {
                const struct service *service = registry->services[i];
                int64_t its_msec = service->place.linked_msec + PUBLICATION_MOST_MSEC;

                if (service->place.kind != PLACE_LINKED || service_is_wholly_supervised(service))
                        continue;
                until_msec = its_msec > until_msec ? its_msec : until_msec;
        }
        if (until_msec > registry->moved_msec + PUBLICATION_QUIET_MSEC)
                until_msec = registry->moved_msec + PUBLICATION_QUIET_MSEC;
        return until_msec;
}

static void tell_follower(struct service *service)
{
        if (service->follower)
                ready_wake(service->follower);
}

static void link_it(struct service *service)
{
        struct place *place = &service->place;

        place->error = -registry_link(service->registry, service->name);
        place->kind = place->error ? PLACE_REFUSED : PLACE_LINKED;
        place->linked_msec = clock_msec();
        tell_follower(service);
}

/* An unlink that fails is tried again: as long as the slot is linked, s6-svscan restarts its supervisors. */
static void unlink_it(struct service *service)
{
        int result = registry_unlink(service->registry, service->name);

        if (result)
                log_event("unregister: cannot unlink: %s service=%s", sysname_error(-result), service->name);
        if (result && result != -EEXIST) {
                timer_start(&service->registry->publication->turn, UNLINK_AGAIN_MSEC);
                return;
        }
        service->place.kind = PLACE_LEFT;
        tell_follower(service);
}

/* Tells the slot's s6-supervise to end what s6-svscan could not be told to end. */
static void end_it(struct service *service)
{
        run_send(&service->own, "dx");
}

/* Is everything held while slots are made that shall come into view at once? What root waits for does not
 * wait for the slots of others. */
static bool is_kept_waiting(const struct publication *publication)
{
        return publication->held && (publication->held_root || !publication->root);
}

static bool publication_step(struct ready *ready)
{
        struct publication *publication = (struct publication *)ready;
        struct registry *registry = publication->registry;
        bool leaving, coming, loud;
        int64_t wait_msec;
        int result;

        registry_catch_up(registry); /* a slot that has its supervisors by now keeps nobody waiting */
        wait_msec = publication_held_until(registry) - clock_msec();
        leaving = any(registry, PLACE_LEAVING);
        coming = any(registry, PLACE_COMING);
        if (is_kept_waiting(publication) || (!leaving && !coming && !publication->rescan))
                return false;
        if (leaving && wait_msec > 0) {
                timer_start(&publication->turn, (uint64_t)wait_msec);
                return false;
        }
        publication->rescan = false;
        loud = any_loud(registry);
        if (coming)
                registry->moved_msec = clock_msec();
        each(registry, PLACE_LEAVING, unlink_it);
        each(registry, PLACE_COMING, link_it);
        publication->root = publication->root && any(registry, PLACE_LEAVING);
        /* "n": the supervisors of what is gone are ended. */
        result = scandir_command(&registry->scandir, loud ? "an" : "a");
        if (result == 0)
                return false;
        log_event("scandir: cannot order a rescan: %s", sysname_error(-result));
        publication->rescan = true; /* a full FIFO, no descriptor: slots that were linked wait for the scan */
        timer_start(&publication->turn, RESCAN_AGAIN_MSEC);
        if (leaving)
                each(registry, PLACE_LEFT, end_it);
        return false;
}

static void publication_expired(void *owner)
{
        struct publication *publication = owner;

        ready_wake(&publication->ready);
}

void publication_init(struct publication *publication, struct registry *registry)
{
        *publication = (struct publication){.registry = registry};
        ready_init(&publication->ready, &registry->ready, publication_step);
        timer_init(&publication->turn, registry->loop, publication_expired, publication);
        registry->publication = publication;
        registry->moved_msec = clock_msec();
}

void publication_close(struct publication *publication)
{
        timer_close(&publication->turn, NULL);
}

static void wake_for(struct registry *registry, bool root)
{
        registry->publication->root = registry->publication->root || root;
        if (root)
                ready_wake_root(&registry->publication->ready);
        else
                ready_wake(&registry->publication->ready);
}

void publication_come(struct service *service, bool root)
{
        service->place = (struct place){.kind = PLACE_COMING};
        wake_for(service->registry, root);
}

void publication_leave(struct service *service, bool root)
{
        service->place = (struct place){.kind = PLACE_LEAVING};
        wake_for(service->registry, root);
}

void publication_leave_quietly(struct service *service)
{
        service->place = (struct place){.kind = PLACE_LEAVING, .quiet = true};
        wake_for(service->registry, false);
}

void publication_wake(struct registry *registry)
{
        ready_wake(&registry->publication->ready);
}

void publication_rescan(struct registry *registry)
{
        registry->publication->rescan = true;
        publication_wake(registry);
}

void publication_hold(struct registry *registry, bool root)
{
        registry->publication->held++;
        registry->publication->held_root += root;
}

void publication_release(struct registry *registry, bool root)
{
        registry->publication->held_root -= root;
        if (--registry->publication->held == 0)
                publication_wake(registry);
}

bool publication_is_held(const struct registry *registry)
{
        return registry->publication->held != 0;
}
