#include "daemon/service/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/log/log.h"
#include "daemon/edge/process.h"
#include "daemon/edge/room.h"
#include "daemon/slot/operation.h"
#include "daemon/service/persist.h"
#include "daemon/slot/scan.h"
#include "proto/name.h"
#include "proto/sorted.h"

static void registry_look_at_all(struct registry *registry)
{
        log_event("watch: events were lost: looking at everything");
        scan_all(registry);
        registry_adopt_all_late(registry);
        /* Looking may remove a service, and then the next one has its place. */
        for (size_t i = 0; i < registry->count;) {
                struct service *service = registry->services[i];

                service_see(service);
                service_wake(service);
                i += i < registry->count && registry->services[i] == service;
        }
}

/* A slot was taken away or put there, by an operator: its service shows what it is without it, and comes back
 * with it. */
static void registry_on_slot(struct registry *registry, const char *name)
{
        struct service *service = registry_find(registry, name);

        if (!service)
                registry_adopt_late(registry, name);
        else if (service->profile && service->operation == OPERATION_NONE) {
                service_see(service);
                service_wake(service);
        }
}

static void registry_on_directory(struct registry *registry, const int *wd, enum watch_event event,
                                  const char *name)
{
        if (event == WATCH_GONE) {
                *(wd == &registry->scandir_wd ? &registry->scandir_wd : &registry->slots_wd) = -1;
                poll_wake(registry);
        } else if (wd == &registry->scandir_wd) {
                scan_name(registry, name);
        } else {
                registry_on_slot(registry, name);
        }
}

static void registry_on_service(struct service *service, bool log, enum watch_event event)
{
        switch (event) {
        case WATCH_STATUS:
                service_on_status(service, log);
                break;
        case WATCH_LOCK:
                service_on_lock(service, log);
                break;
        case WATCH_GONE:
                *(log ? &service->log_wd : &service->wd) = -1;
                service_see(service);
                service_wake(service);
                break;
        case WATCH_ENTRY:
        case WATCH_OVERFLOW:
                break;
        }
}

static void registry_on_watch(void *owner, void *subject, enum watch_event event, const char *name)
{
        struct registry *registry = owner;
        /* The logger's watch points to the byte behind, see registry_watch(). */
        bool log = (uintptr_t)subject & 1;

        if (event == WATCH_OVERFLOW)
                registry_look_at_all(registry);
        else if (subject == &registry->scandir_wd || subject == &registry->slots_wd)
                registry_on_directory(registry, subject, event, name);
        else
                registry_on_service((struct service *)((uintptr_t)subject & ~(uintptr_t)1), log, event);
}

/* When PID 1 started, and in which namespace, tells one life of the container from the next. */
static int registry_read_boot(struct registry *registry)
{
        uint64_t start = 0;
        struct stat space;
        int result = process_start_time(1, &start);

        if (result == 0 && stat("/proc/self/ns/pid", &space) < 0)
                result = -errno;
        if (result) /* any other answer would be another life's */
                return result;
        snprintf(registry->boot, sizeof(registry->boot), "%llu.%llu", (unsigned long long)start,
                 (unsigned long long)space.st_ino);
        return 0;
}

void registry_watch_directories(struct registry *registry)
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

size_t registry_polled(const struct registry *registry)
{
        size_t count = (registry->scandir_wd < 0) + (registry->slots_wd < 0);

        for (size_t i = 0; i < registry->count; i++)
                count += registry->services[i]->supervised && service_lacks_watch(registry->services[i]);
        return count;
}

void registry_catch_up(struct registry *registry)
{
        watch_catch_up(&registry->watch);
}

static void registry_left(void *owner)
{
        profiles_look_soon(owner); /* whoever has its directory now may begin */
}

int registry_init(struct registry *registry, uv_loop_t *loop)
{
        int result = registry_read_boot(registry);

        registry->loop = loop;
        registry->scandir_wd = registry->slots_wd = -1;
        watch_init(&registry->watch, registry_on_watch, registry);
        poll_init(registry);
        step_init(registry);
        ready_open(&registry->ready, loop);
        publication_init(registry);
        persist_init(registry);
        reconcile_init(registry);
        stagger_init(registry);
        registry->above = (struct registry_above){registry, registry_left};
        profiles_init(registry);
        registry->ballast.count = 0;
        /* Without inotify everything is polled. */
        if (watch_open(&registry->watch, loop))
                log_event("watch: there is no inotify: everything is polled: why=%s",
                          strerrorname_np(-registry->watch.error));
        registry_watch_directories(registry);
        return result;
}

static void service_free(void *owner)
{
        struct service *service = owner;

        free(service->text);
        if (service->record_members)
                members_deinit(service->record_members);
        free(service->record_members);
        free(service);
}

static void registry_drop(struct registry *registry, struct service *service)
{
        watch_remove(&registry->watch, service->wd);
        watch_remove(&registry->watch, service->log_wd);
        operation_drop(service);
        ready_remove(&service->ready);
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
        entries_free(&registry->dead);
        registry->services = NULL;
        registry->count = registry->capacity = 0;
        timer_close(&registry->publication.turn, NULL);
        timer_close(&registry->persist_again, NULL);
        reconcile_drop(registry);
        profiles_close(registry);
        timer_close(&registry->stagger.turn, NULL);
        timer_close(&registry->poll.turn, NULL);
        timer_close(&registry->halts.turn, NULL);
        ready_close(&registry->ready);
        ballast_drop(&registry->ballast);
        watch_close(&registry->watch);
}

static int compare_name(const void *key, const void *element)
{
        const struct service *service = *(struct service *const *)element;

        return strcmp(key, service->name);
}

/* Where `name` is, or would be. */
static size_t registry_place(const struct registry *registry, const char *name)
{
        return sorted_place(name, registry->services, registry->count, sizeof(*registry->services),
                            compare_name);
}

struct service *registry_find(const struct registry *registry, const char *name)
{
        size_t place = registry_place(registry, name);

        if (place < registry->count && !strcmp(registry->services[place]->name, name))
                return registry->services[place];
        return NULL;
}

size_t registry_behind(const struct registry *registry, const char *name)
{
        size_t place = registry_place(registry, name);

        return place + (place < registry->count && !strcmp(registry->services[place]->name, name));
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
        if (!service->has_log || service->log_wd >= 0)
                return 0;
        snprintf(path, sizeof(path), "%s/%s/log/supervise", base, service->name);
        service->log_wd = watch_add_supervise(&registry->watch, path, (void *)((uintptr_t)service | 1));
        return service->log_wd < 0 ? service->log_wd : 0;
}

int registry_watch_new(struct service *service)
{
        struct registry *registry = service->registry;
        int has_log = slot_has_log(&registry->slots, service->name);
        int result;

        if (has_log < 0)
                return has_log;
        service->has_log = has_log;
        result = registry_watch(registry, service);
        return result == -ENOENT || result == -ENOTDIR ? result : 0;
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
               registry_is_linked(registry, name) == 0;
}

int registry_is_linked(const struct registry *registry, const char *name)
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

static unsigned room_within(unsigned room, unsigned most, size_t used)
{
        size_t left = most > used ? most - used : 0;

        return most && left < room ? (unsigned)left : room;
}

unsigned registry_room(const struct registry *registry)
{
        unsigned used = registry_supervisors(registry);
        unsigned room = used < registry->services_max ? (registry->services_max - used) / 2 : 0;

        room = room_within(room, registry->names_max, registry->count);
        return room_within(room, registry->loggers_max, used - registry->count);
}

bool registry_lacks_descriptors(const struct registry *registry)
{
        size_t used = registry_supervisors(registry) - registry->count;

        return registry->loggers_max && room_within(UINT_MAX, registry->loggers_max, used) == registry_room(registry);
}

size_t registry_environment_bytes(const struct registry *registry)
{
        size_t bytes = 0;

        for (size_t i = 0; i < registry->count; i++)
                bytes += registry->services[i]->environment_bytes;
        return bytes;
}

void registry_read_room(struct registry *registry, struct room *room)
{
        if (room_read(registry->slots.fd, room) < 0)
                *room = (struct room){.bytes = UINT64_MAX};
        if (room_is_short(room, BALLAST_ROOM_BYTES, BALLAST_ROOM_INODES, 0))
                ballast_drop(&registry->ballast);
        else if (!room_is_short(room, ROOM_LOW_BYTES, ROOM_LOW_INODES, ROOM_LOW_SHARE))
                ballast_take(&registry->ballast, registry->slots.fd);
}

bool registry_allows_static(const struct registry *registry, const char *name)
{
        for (const char *const *at = registry->allowed_static; at && *at; at++)
                if (!strcmp(*at, name))
                        return true;
        return false;
}
