#include "daemon/service/poll.h"

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/service/registry.h"
#include "daemon/slot/revival.h"
#include "daemon/slot/scan.h"

bool poll_concerns(const struct service *service)
{
        return service_lacks_watch(service) || service_lacks_supervisor(service);
}

static void poll_scandir(struct registry *registry)
{
        bool lacked = registry->scandir_wd < 0;
        bool lacked_slots = registry->slots_wd < 0;

        if (lacked || lacked_slots)
                registry_watch_directories(registry);
        if (lacked || registry->scan_whole)
                scan_all(registry);
        if (lacked_slots)
                registry_adopt_all_late(registry);
}

/* Once there is no watch left, no other service of this turn need ask for one. */
static void poll_watch(struct service *service, bool *full)
{
        struct registry *registry = service->registry;

        if (*full || !service_lacks_watch(service))
                return;
        if (registry_watch(registry, service) == 0)
                log_event("watch: watched again: service=%s", service->name);
        else
                *full = registry->watch.error != 0;
}

static void poll_services(struct registry *registry)
{
        unsigned looked = 0;
        bool full = registry->watch.fd < 0;
        size_t i = registry->poll.next;

        while (i < registry->count && looked < POLL_SERVICES) {
                struct service *service = registry->services[i];

                if (poll_concerns(service)) {
                        looked++;
                        poll_watch(service, &full);
                        service_see(service);
                        service_wake(service);
                }
                i += i < registry->count && registry->services[i] == service;
        }
        registry->poll.next = i < registry->count ? i : 0;
}

/* A gateway or a logger that nobody supervises, though it is there: s6-svscan may not have seen it come back. */
static void poll_rescan(struct registry *registry)
{
        bool alone = false;

        for (size_t i = 0; i < registry->count && !alone; i++)
                alone = registry->services[i]->profile && service_lacks_supervisor(registry->services[i]);
        if (!alone || clock_msec() - registry->poll.rescan_msec < RESCAN_MSEC)
                return;
        registry->poll.rescan_msec = clock_msec();
        publication_rescan(registry);
}

static bool poll_is_needed(const struct registry *registry)
{
        if (registry->scandir_wd < 0 || registry->slots_wd < 0)
                return true;
        for (size_t i = 0; i < registry->count; i++)
                if (poll_concerns(registry->services[i]))
                        return true;
        return false;
}

static void poll_turn(void *owner)
{
        struct registry *registry = owner;

        if (registry->stopping)
                return;
        if (!registry->poll.next) {
                watch_open(&registry->watch, registry->loop);
                poll_scandir(registry);
        }
        poll_services(registry);
        poll_rescan(registry);
        if (!registry->poll.next)
                revival_turn(registry);
        if (registry->poll.next)
                timer_start(&registry->poll.turn, POLL_SLICE_MSEC);
        else if (poll_is_needed(registry))
                timer_start(&registry->poll.turn, POLL_MSEC);
}

void poll_init(struct registry *registry)
{
        timer_init(&registry->poll.turn, registry->loop, poll_turn, registry);
}

void poll_wake(struct registry *registry)
{
        if (!timer_is_running(&registry->poll.turn) && registry->poll.turn.open)
                timer_start(&registry->poll.turn, POLL_MSEC);
}
