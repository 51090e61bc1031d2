/* SPDX-License-Identifier: ISC */
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
#include "proto/name.h"
#include "proto/sorted.h"

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

void registry_catch_up(struct registry *registry)
{
        watch_catch_up(&registry->watch);
}

int registry_init(struct registry *registry, uv_loop_t *loop)
{
        registry->loop = loop;
        registry->slots_place =
                (struct control_place){.at = registry->slots.fd,
                                       .lane = PROCESS_LANE_SIGNALS,
                                       .deputy = registry->stands_in ? &registry->deputy : NULL,
                                       .loop = loop,
                                       .delivered = run_delivered};
        registry->scandir_place = registry->slots_place;
        registry->scandir_place.at = registry->scandir.fd;
        ready_open(&registry->ready, loop);
        registry->ballast.count = 0;
        return registry_read_boot(registry);
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
        watch_remove(&registry->watch, service->own.wd);
        watch_remove(&registry->watch, service->logger.wd);
        run_deinit(&service->own);
        run_deinit(&service->logger);
        ready_remove(&service->ready);
        timer_close(&service->timer, service_free);
}

void registry_deinit(struct registry *registry)
{
        for (size_t i = 0; i < registry->count; i++) {
                registry->services[i]->waits = NULL;
                registry_drop(registry, registry->services[i]);
        }
        free(registry->services);
        past_deinit(&registry->history.past);
        entries_free(&registry->dead);
        registry->services = NULL;
        registry->count = registry->capacity = 0;
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

        if (place < registry->count && strcmp(registry->services[place]->name, name) == 0)
                return registry->services[place];
        return NULL;
}

size_t registry_behind(const struct registry *registry, const char *name)
{
        size_t place = registry_place(registry, name);

        return place + (place < registry->count && strcmp(registry->services[place]->name, name) == 0);
}

struct service *registry_add(struct registry *registry, const char *name)
{
        size_t place = registry_place(registry, name), size = strlen(name) + 1;
        struct service *service;

        if (registry->count == registry->capacity) {
                size_t capacity = registry->capacity ? registry->capacity * 2 : 64;
                struct service **services = reallocarray(registry->services, capacity, sizeof(*services));

                if (!services)
                        return NULL;
                registry->services = services;
                registry->capacity = capacity;
        }
        service = calloc(1, sizeof(*service) + size);
        if (!service)
                return NULL;
        service->name = memcpy(service + 1, name, size);
        memmove(&registry->services[place + 1], &registry->services[place],
                (registry->count - place) * sizeof(registry->services[0]));
        registry->services[place] = service;
        registry->count++;
        registry->changes++;
        return service;
}

void registry_forget(struct registry *registry, struct service *service)
{
        size_t place = registry_place(registry, service->name);

        wait_end_all(&service->waits, &(struct fault){.kind = FAULT_SUPERSEDED});
        if (registry->events.gone && service->revision)
                registry->events.gone(registry->events.owner, service);
        registry->count--;
        registry->changes++;
        memmove(&registry->services[place], &registry->services[place + 1],
                (registry->count - place) * sizeof(registry->services[0]));
        registry_drop(registry, service);
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
                count += 1 + registry->services[i]->logger.there;
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

        return registry->loggers_max &&
               room_within(UINT_MAX, registry->loggers_max, used) == registry_room(registry);
}

size_t registry_environment_bytes(const struct registry *registry)
{
        size_t bytes = 0;

        for (size_t i = 0; i < registry->count; i++)
                bytes += registry->services[i]->environment_bytes;
        return bytes;
}

bool registry_allows_static(const struct registry *registry, const char *name)
{
        for (const char *const *at = registry->allowed_static; at && *at; at++)
                if (strcmp(*at, name) == 0)
                        return true;
        return false;
}
