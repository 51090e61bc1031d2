/* SPDX-License-Identifier: ISC */
#include "daemon/slot/publication.h"

#include <errno.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/service/registry.h"
#include "proto/sysname.h"

/* What is to come and to go, found in one pass over all slots. */
struct outlook {
        bool leaving;
        bool loud; /* one of those that leave has supervisors to be ended */
        bool half; /* a slot that stays has one of its two supervisors: is_half() */
        bool coming;
        int64_t held_until_msec; /* by clock_msec(): a slot without a supervisor keeps removals waiting */
};

/* Has a slot only one of its two supervisors? s6-svscan of s6 2.11 may count such a slot among what is gone,
 * until the other one has ended, too: it would end that, and what runs there. */
static bool is_half(const struct service *service)
{
        return service->logger.there && service->own.supervised != service->logger.supervised;
}

static void outlook_add(struct outlook *outlook, const struct service *service)
{
        int64_t until_msec = service->place.linked_msec + PUBLICATION_MOST_MSEC;

        if (service->place.kind != PLACE_LEAVING && service->place.kind != PLACE_LEFT && is_half(service))
                outlook->half = true;
        switch (service->place.kind) {
        case PLACE_LEAVING:
                outlook->leaving = true;
                outlook->loud = outlook->loud || !service->place.quiet;
                break;
        case PLACE_COMING:
                outlook->coming = true;
                break;
        case PLACE_LINKED:
                if (until_msec > outlook->held_until_msec && !service_is_wholly_supervised(service))
                        outlook->held_until_msec = until_msec;
                break;
        case PLACE_KEPT:
        case PLACE_REFUSED:
        case PLACE_LEFT:
                break;
        }
}

static struct outlook look(const struct registry *registry)
{
        struct outlook outlook = {.leaving = false};

        for (size_t i = 0; i < registry->count; i++)
                outlook_add(&outlook, registry->services[i]);
        if (outlook.held_until_msec > registry->moved_msec + PUBLICATION_QUIET_MSEC)
                outlook.held_until_msec = registry->moved_msec + PUBLICATION_QUIET_MSEC;
        return outlook;
}

static void each(const struct registry *registry, enum place_kind kind, void (*act)(struct service *service))
{
        for (size_t i = 0; i < registry->count; i++)
                if (registry->services[i]->place.kind == kind)
                        act(registry->services[i]);
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

/* Tells the slot's s6-supervise to end, since s6-svscan is not, or could not be, told to end it. */
static void end_it(struct service *service)
{
        if (!service->place.quiet)
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
        struct outlook outlook;
        int64_t wait_msec;
        bool loud;
        int result;

        outlook = look(registry);
        if (is_kept_waiting(publication) || (!outlook.leaving && !outlook.coming && !publication->rescan))
                return false;
        if (outlook.leaving) {
                registry_catch_up(registry); /* a slot that has its supervisors by now keeps nobody waiting */
                outlook = look(registry);
                wait_msec = outlook.held_until_msec - clock_msec();
                if (wait_msec > 0) {
                        timer_start(&publication->turn, (uint64_t)wait_msec);
                        return false;
                }
        }
        publication->rescan = false;
        loud = outlook.loud && !outlook.half;
        if (outlook.leaving)
                each(registry, PLACE_LEAVING, unlink_it);
        if (outlook.coming) {
                registry->moved_msec = clock_msec();
                each(registry, PLACE_COMING, link_it);
        }
        publication->root = publication->root && outlook.leaving && look(registry).leaving;
        /* "n": the supervisors of what is gone are ended. */
        result = scandir_command(&registry->scandir, loud ? "an" : "a");
        if (outlook.leaving && (result || !loud))
                each(registry, PLACE_LEFT, end_it);
        if (result == 0)
                return false;
        log_event("scandir: cannot order a rescan: %s", sysname_error(-result));
        publication->rescan = true; /* a full FIFO, no descriptor: slots that were linked wait for the scan */
        timer_start(&publication->turn, RESCAN_AGAIN_MSEC);
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
