#include "daemon/model/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/edge/log.h"
#include "daemon/edge/process.h"
#include "daemon/model/operation.h"
#include "daemon/model/persist.h"
#include "proto/name.h"

static void registry_on_watch(void *owner, void *subject, enum watch_event event)
{
        struct registry *registry = owner;

        switch (event) {
        case WATCH_STATUS:
        case WATCH_LOCK: {
                /* The logger's watch points to the byte behind, see registry_watch(). */
                bool log = (uintptr_t)subject & 1;
                struct service *service = (struct service *)((uintptr_t)subject & ~(uintptr_t)1);

                if (event == WATCH_STATUS)
                        service_on_status(service, log);
                else
                        service_on_lock(service, log);
                break;
        }
        case WATCH_ENTRY:
                registry_scan_static(registry);
                break;
        case WATCH_OVERFLOW:
                log_line("watch: events were lost: looking at everything");
                registry_scan_static(registry);
                /* Looking may remove a service, and then the next one has its place. */
                for (size_t i = 0; i < registry->count;) {
                        struct service *service = registry->services[i];

                        service_look(service);
                        i += i < registry->count && registry->services[i] == service;
                }
                break;
        }
}

/* When PID 1 started, and in which namespace, tells one life of the container from the next. */
static void registry_read_boot(struct registry *registry)
{
        uint64_t start = 0;
        struct stat space;

        process_start_time(1, &start);
        if (stat("/proc/self/ns/pid", &space) < 0)
                space.st_ino = 0;
        snprintf(registry->boot, sizeof(registry->boot), "%llu.%llu", (unsigned long long)start,
                 (unsigned long long)space.st_ino);
}

int registry_init(struct registry *registry, uv_loop_t *loop)
{
        int result = watch_open(&registry->watch, loop, registry_on_watch, registry);

        registry->loop = loop;
        registry_read_boot(registry);
        publication_init(registry);
        persist_init(registry);
        reconcile_init(registry);
        stagger_init(registry);
        if (result == 0)
                result = watch_add_directory(&registry->watch, registry->scandir.path, NULL);
        return result < 0 ? result : 0;
}

static void service_free(void *owner)
{
        struct service *service = owner;

        free(service->text);
        free(service);
}

static void registry_drop(struct registry *registry, struct service *service)
{
        watch_remove(&registry->watch, service->wd);
        watch_remove(&registry->watch, service->log_wd);
        operation_drop(service);
        timer_close(&service->timer, service_free);
}

void registry_deinit(struct registry *registry)
{
        registry->stopping = true;
        deputy_close(&registry->deputy); /* its jobs are the operations' */
        store_close(&registry->store);
        for (size_t i = 0; i < registry->count; i++) {
                registry->services[i]->waits = NULL;
                registry_drop(registry, registry->services[i]);
        }
        free(registry->services);
        registry->services = NULL;
        registry->count = registry->capacity = 0;
        timer_close(&registry->publication.turn, NULL);
        timer_close(&registry->persist_again, NULL);
        reconcile_drop(registry);
        timer_close(&registry->stagger.turn, NULL);
        watch_close(&registry->watch);
}

/* Where `name` is, or would be. */
static size_t registry_place(const struct registry *registry, const char *name)
{
        size_t low = 0;
        size_t high = registry->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (strcmp(registry->services[middle]->name, name) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

struct service *registry_find(const struct registry *registry, const char *name)
{
        size_t place = registry_place(registry, name);

        if (place < registry->count && !strcmp(registry->services[place]->name, name))
                return registry->services[place];
        return NULL;
}

static void registry_service_expired(void *owner)
{
        struct service *service = owner;

        if (service_lacks_watch(service) && registry_watch(service->registry, service) == 0)
                service_look(service);
        else
                service_step(service);
}

struct service *registry_add(struct registry *registry, const char *name, bool gateway)
{
        size_t place = registry_place(registry, name);
        struct service *service;

        if (registry->count == registry->capacity) {
                size_t capacity = registry->capacity ? registry->capacity * 2 : 64;
                struct service **services = reallocarray(registry->services, capacity, sizeof(*services));

                if (!services)
                        return NULL;
                registry->services = services;
                registry->capacity = capacity;
        }
        service = calloc(1, sizeof(*service));
        if (!service)
                return NULL;
        snprintf(service->name, sizeof(service->name), "%s", name);
        service->profile = gateway ? name_profile_of(service->name) : NULL;
        service->registry = registry;
        service->wd = service->log_wd = -1;
        timer_init(&service->timer, registry->loop, registry_service_expired, service);
        memmove(&registry->services[place + 1], &registry->services[place],
                (registry->count - place) * sizeof(registry->services[0]));
        registry->services[place] = service;
        registry->count++;
        return service;
}

void registry_forget(struct registry *registry, struct service *service)
{
        size_t place = registry_place(registry, service->name);

        service_settle_waits(service, &(struct fault){.kind = FAULT_SUPERSEDED});
        if (registry->events.gone && service->revision)
                registry->events.gone(registry->events.owner, service);
        registry->count--;
        memmove(&registry->services[place], &registry->services[place + 1],
                (registry->count - place) * sizeof(registry->services[0]));
        registry_drop(registry, service);
}

int registry_watch(struct registry *registry, struct service *service)
{
        const char *base = service->profile ? registry->slots.path : registry->scandir.path;
        char path[4096];

        _Static_assert(_Alignof(struct service) > 1, "the lowest bit of its address is free");
        snprintf(path, sizeof(path), "%s/%s/supervise", base, service->name);
        if (service->wd < 0)
                service->wd = watch_add_supervise(&registry->watch, path, service);
        if (service->wd < 0)
                return service->wd;
        if (!service->has_log)
                return 0;
        snprintf(path, sizeof(path), "%s/%s/log/supervise", base, service->name);
        service->log_wd = watch_add_supervise(&registry->watch, path, (void *)((uintptr_t)service | 1));
        return service->log_wd < 0 ? service->log_wd : 0;
}

static const char *slot_path(const struct registry *registry, const char *name, char *path, size_t size)
{
        snprintf(path, size, "%s/%s", registry->slots.path, name);
        return path;
}

int registry_link(const struct registry *registry, const char *name)
{
        char path[PATH_MAX];

        return scandir_link(&registry->scandir, name, slot_path(registry, name, path, sizeof(path)));
}

int registry_unlink(const struct registry *registry, const char *name)
{
        char path[PATH_MAX];

        return scandir_unlink(&registry->scandir, name, slot_path(registry, name, path, sizeof(path)));
}

bool registry_is_taken(const struct registry *registry, const char *name)
{
        struct stat info;

        return fstatat(registry->scandir.fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
               !registry_is_linked(registry, name);
}

bool registry_is_linked(const struct registry *registry, const char *name)
{
        char path[PATH_MAX];

        return scandir_links_to(&registry->scandir, name, slot_path(registry, name, path, sizeof(path)));
}

unsigned registry_supervisors(const struct registry *registry)
{
        unsigned count = 0;

        for (size_t i = 0; i < registry->count; i++)
                count += 1 + registry->services[i]->has_log;
        return count;
}

bool registry_allows_static(const struct registry *registry, const char *name)
{
        for (const char *const *at = registry->allowed_static; at && *at; at++)
                if (!strcmp(*at, name))
                        return true;
        return false;
}
