#include "daemon/slot/publication.h"

#include <string.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/slot/registration.h"
#include "daemon/slot/removal.h"

static bool waits_to_leave(const struct service *service)
{
        return service->removal && service->removal->phase == REMOVAL_WAITING;
}

static bool waits_to_come(const struct service *service)
{
        return service->registration && service->registration->phase == REGISTRATION_HIDDEN;
}

static bool any(const struct registry *registry, bool (*is)(const struct service *service))
{
        for (size_t i = 0; i < registry->count; i++)
                if (is(registry->services[i]))
                        return true;
        return false;
}

/* None of what these call takes a service off the registry. */
static void each(const struct registry *registry, bool (*is)(const struct service *service),
                 void (*act)(struct service *service))
{
        for (size_t i = 0; i < registry->count; i++)
                if (is(registry->services[i]))
                        act(registry->services[i]);
}

/* Until when, by clock_msec(), a slot without a supervisor keeps removals waiting. */
static int64_t publication_held_until(const struct registry *registry)
{
        int64_t until_msec = 0;

        for (size_t i = 0; i < registry->count; i++) {
                const struct registration *registration = registry->services[i]->registration;
                int64_t its_msec;

                if (!registration || registration->phase != REGISTRATION_LINKED)
                        continue;
                its_msec = registration->linked_msec + PUBLICATION_MOST_MSEC;
                until_msec = its_msec > until_msec ? its_msec : until_msec;
        }
        if (until_msec > registry->moved_msec + PUBLICATION_QUIET_MSEC)
                until_msec = registry->moved_msec + PUBLICATION_QUIET_MSEC;
        return until_msec;
}

static void publication_turn(void *owner)
{
        struct registry *registry = owner;
        struct publication *publication = &registry->publication;
        bool leaving, coming;
        int64_t wait_msec;
        int result;

        registry_catch_up(registry); /* who has a supervisor by now keeps nobody waiting */
        wait_msec = publication_held_until(registry) - clock_msec();
        leaving = any(registry, waits_to_leave);
        coming = any(registry, waits_to_come);
        if (publication->held)
                return;
        if (leaving && wait_msec > 0) {
                timer_start(&publication->turn, (uint64_t)wait_msec);
                return;
        }
        if (!leaving && !coming && !publication->rescan)
                return;
        publication->rescan = false;
        if (coming)
                registry->moved_msec = clock_msec();
        each(registry, waits_to_leave, removal_unlink);
        each(registry, waits_to_come, registration_link);
        /* "n": the supervisors of what is gone are ended. */
        result = scandir_command(&registry->scandir, leaving ? "an" : "a");
        if (result)
                log_event("scandir: cannot order a rescan: %s", strerrorname_np(-result));
        if (result) { /* a full FIFO, no descriptor: whoever was linked waits for it */
                publication->rescan = true;
                timer_start(&publication->turn, RESCAN_AGAIN_MSEC);
        }
        if (result && leaving)
                each(registry, removal_is_leaving, removal_tell);
}

void publication_init(struct registry *registry)
{
        timer_init(&registry->publication.turn, registry->loop, publication_turn, registry);
        registry->moved_msec = clock_msec();
}

void publication_rescan(struct registry *registry)
{
        registry->publication.rescan = true;
        publication_wake(registry);
}

void publication_wake(struct registry *registry)
{
        timer_start(&registry->publication.turn, 0);
}

void publication_hold(struct registry *registry)
{
        registry->publication.held++;
}

void publication_release(struct registry *registry)
{
        if (--registry->publication.held == 0)
                publication_wake(registry);
}
