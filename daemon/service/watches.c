/* SPDX-License-Identifier: ISC */
#include "daemon/service/watches.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/service/registry.h"
#include "daemon/service/turn.h"
#include "proto/sysname.h"

static void look(struct service *service)
{
        service_see(service);
        service_wake(service);
}

static int watch_run(struct registry *registry, struct run *run)
{
        const char *base = run->service->profile ? registry->slots.path : registry->scandir.path;
        char path[PATH_MAX];

        if (!run->there || run->wd >= 0)
                return 0;
        snprintf(path, sizeof(path), "%s/%s/supervise", base, control_name(&run->control).text);
        run->wd = watch_add_supervise(&registry->watch, path, run);
        return run->wd < 0 ? run->wd : 0;
}

int watches_arm(struct registry *registry, struct service *service)
{
        int result = watch_run(registry, &service->own);

        return result ? result : watch_run(registry, &service->logger);
}

int watches_arm_new(struct service *service)
{
        struct registry *registry = service->registry;
        int has_log, result;

        /* Where both can be watched there is a logger. */
        service->logger.there = true;
        if (watches_arm(registry, service) == 0)
                return 0;
        has_log = slot_has_log(&registry->slots, service->name);
        service->logger.there = has_log > 0;
        if (has_log < 0)
                return has_log;
        result = watches_arm(registry, service);
        return result == -ENOENT || result == -ENOTDIR ? result : 0;
}

static void watch_directories(struct registry *registry)
{
        struct watch *watch = &registry->watch;

        if (registry->scandir_wd < 0)
                registry->scandir_wd =
                        watch_add_directory(watch, registry->scandir.path, &registry->scandir_wd);
        if (registry->slots_wd < 0)
                registry->slots_wd = watch_add_directory(watch, registry->slots.path, &registry->slots_wd);
        if (registry->scandir_wd < 0 || registry->slots_wd < 0)
                poll_wake(registry);
}

size_t watches_lacking(const struct registry *registry)
{
        size_t count = (registry->scandir_wd < 0) + (registry->slots_wd < 0);

        for (size_t i = 0; i < registry->count; i++)
                count += registry->services[i]->own.supervised && service_lacks_watch(registry->services[i]);
        return count;
}

static void look_at_all(struct registry *registry)
{
        log_event("watch: events were lost: looking at everything");
        registry->above.entry(registry->above.owner, NULL);
        registry->above.slot(registry->above.owner, NULL);
        /* Each in a step of its own. */
        for (size_t i = 0; i < registry->count; i++) {
                registry->services[i]->unseen = true;
                service_wake(registry->services[i]);
        }
}

/* An operator took a slot away, or put it back: its service shows what it is without the slot, and comes back
 * with it. */
static void on_slot(struct registry *registry, const char *name)
{
        struct service *service = registry_find(registry, name);

        if (!service)
                registry->above.slot(registry->above.owner, name);
        else if (service->profile && service->operation == OPERATION_NONE)
                look(service);
}

static void on_directory(struct registry *registry, const int *wd, enum watch_event event, const char *name)
{
        if (event == WATCH_GONE) {
                *(wd == &registry->scandir_wd ? &registry->scandir_wd : &registry->slots_wd) = -1;
                poll_wake(registry);
        } else if (wd == &registry->scandir_wd) {
                registry->above.entry(registry->above.owner, name);
        } else {
                on_slot(registry, name);
        }
}

static void on_watch(void *owner, void *subject, enum watch_event event, const char *name)
{
        struct registry *registry = owner;

        if (event == WATCH_OVERFLOW)
                look_at_all(registry);
        else if (subject == &registry->scandir_wd || subject == &registry->slots_wd)
                on_directory(registry, subject, event, name);
        else
                turn_on_watch(subject, event);
}

static void poll_scandir(struct registry *registry)
{
        bool lacked = registry->scandir_wd < 0;
        bool lacked_slots = registry->slots_wd < 0;

        if (lacked || lacked_slots)
                watch_directories(registry);
        if (lacked || registry->scan_whole)
                registry->above.entry(registry->above.owner, NULL);
        if (lacked_slots)
                registry->above.slot(registry->above.owner, NULL);
}

/* Tries to watch the service again. *full: the kernel has no watch left, and no other service of this turn
 * need ask. */
static void poll_watch(struct service *service, bool *full)
{
        struct registry *registry = service->registry;

        if (*full || !service_lacks_watch(service))
                return;
        if (watches_arm(registry, service) == 0)
                log_event("watch: watched again: service=%s", service->name);
        else
                *full = registry->watch.error != 0;
}

static void poll_services(struct registry *registry)
{
        unsigned looked = 0;
        bool full = registry->watch.fd < 0;
        size_t i = registry->poll.next;

        for (; i < registry->count && looked < POLL_SERVICES; i++) {
                struct service *service = registry->services[i];

                if (service_is_polled(service)) {
                        looked++;
                        poll_watch(service, &full);
                        look(service);
                }
        }
        registry->poll.next = i < registry->count ? i : 0;
}

/* Tells above.alone, at most each RESCAN_MSEC, of a gateway or logger that nobody supervises: s6-svscan may
 * not have seen its directory come back. */
static void poll_rescan(struct registry *registry)
{
        bool alone = false;

        for (size_t i = 0; i < registry->count && !alone; i++)
                alone = registry->services[i]->profile && service_lacks_supervisor(registry->services[i]);
        if (!alone || clock_msec() - registry->poll.rescan_msec < RESCAN_MSEC)
                return;
        registry->poll.rescan_msec = clock_msec();
        registry->above.alone(registry->above.owner);
}

static bool poll_is_needed(const struct registry *registry)
{
        if (registry->scandir_wd < 0 || registry->slots_wd < 0)
                return true;
        for (size_t i = 0; i < registry->count; i++)
                if (service_is_polled(registry->services[i]))
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
                registry->above.round(registry->above.owner);
        if (registry->poll.next)
                timer_start(&registry->poll.turn, POLL_SLICE_MSEC);
        else if (poll_is_needed(registry))
                timer_start(&registry->poll.turn, POLL_MSEC);
}

void watches_init(struct registry *registry)
{
        registry->scandir_wd = registry->slots_wd = -1;
        watch_init(&registry->watch, on_watch, registry);
        poll_init(registry, poll_turn);
        /* Without inotify everything is polled. */
        if (watch_open(&registry->watch, registry->loop))
                log_event("watch: there is no inotify: everything is polled: why=%s",
                          sysname_error(-registry->watch.error));
        watch_directories(registry);
}
