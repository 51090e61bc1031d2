/* SPDX-License-Identifier: ISC */
#include "daemon/service/persist.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "daemon/edge/process.h"
#include "daemon/judge/intent.h"
#include "daemon/service/registry.h"
#include "proto/name.h"
#include "proto/sysname.h"

struct persist {
        struct registry *registry;
        persist_function *done;
        void *owner;
        uint64_t serials[];
};

static void persist_entry(struct service *service, bool stop, struct store_entry *entry)
{
        struct json_object *environment = NULL;

        snprintf(entry->profile, sizeof(entry->profile), "%s", service->profile);
        if (stop && service_is_alive(service))
                entry->stopped_pid = service->own.status.pid;
        entry->removed = service->record.removing == REMOVING_ALL;
        entry->made = service->intent_made;
        service->intent_made = (struct volume_made){0};
        if (entry->removed)
                return;
        entry->result = -ETIMEDOUT;
        if (record_is_blind(&service->record))
                return; /* the volume did not answer, and may know better */
        entry->result = service->environment_bytes == 0 ? 0
                                                        : slot_read_environment(&service->registry->slots,
                                                                                service->name, &environment);
        if (entry->result)
                return; /* no record is written: without its variables it would say something else */
        intent_write(service->record.want_up, environment, &entry->intent);
        json_object_put(environment);
        if (!entry->intent.failed)
                return;
        text_deinit(&entry->intent);
        text_init(&entry->intent);
        entry->result = -ENOMEM;
}

void persist_outdate(struct service *service)
{
        service->serial = service->persisted_serial = ++service->registry->serial;
}

void persist_later(struct registry *registry)
{
        if (!registry->stopping && !timer_is_running(&registry->persist_again))
                timer_start(&registry->persist_again, PERSIST_AGAIN_MSEC);
}

/* Takes the volume's answer about one service: it has the record, or will not have it for now. */
static void persist_settle(struct service *service, const struct store_batch *batch, size_t place)
{
        const struct persist *persist = batch->owner;

        if (service->persisted_serial < persist->serials[place])
                service->persisted_serial = persist->serials[place];
        if (!persist_is_newest(batch, place, service))
                return;
        service->persist_error = -store_batch_result(batch, place);
        if (!service->persist_error)
                service->intent_made = batch->entries[place].made;
        if (!service->persist_error && service->record.unpersisted) {
                service->record.unpersisted = false;
                service_save_later(service);
        }
        if (service->follower)
                ready_wake(service->follower);
}

static void persist_ended(struct store_batch *batch)
{
        struct persist *persist = batch->owner;
        struct registry *registry = persist->registry;
        bool failed = false;

        for (size_t i = 0; i < batch->count; i++) {
                char name[LIMIT_SERVICE_NAME_BYTES + 1];
                struct service *service;

                failed = failed || store_batch_result(batch, i);
                name_service_of(batch->entries[i].profile, name, sizeof(name));
                service = registry_find(registry, name);
                if (service && !registry->stopping)
                        persist_settle(service, batch, i);
        }
        if (persist->done)
                persist->done(persist->owner, batch);
        if (failed)
                persist_later(registry);
        batch->owner = NULL;
        free(persist);
}

bool persist_is_newest(const struct store_batch *batch, size_t place, const struct service *service)
{
        const struct persist *persist = batch->owner;

        return persist->serials[place] == service->serial;
}

struct registry *persist_registry(const struct store_batch *batch)
{
        return ((const struct persist *)batch->owner)->registry;
}

/* A batch and its owner; NULL: out of memory. */
static struct store_batch *persist_begin(struct registry *registry, size_t count, bool root,
                                         persist_function *done, void *owner)
{
        struct store_batch *batch = store_batch_new(count);
        struct persist *persist = calloc(1, sizeof(*persist) + count * sizeof(persist->serials[0]));

        if (!batch || !persist) {
                if (batch)
                        store_batch_free(batch);
                free(persist);
                return NULL;
        }
        *persist = (struct persist){.registry = registry, .done = done, .owner = owner};
        batch->done = persist_ended;
        batch->root = root;
        batch->owner = persist;
        return batch;
}

int persist_services(struct registry *registry, struct service *const *services, size_t count, bool stop,
                     bool root, persist_function *done, void *owner)
{
        struct store_batch *batch = persist_begin(registry, count, root, done, owner);

        if (!batch) {
                for (size_t i = 0; i < count; i++) {
                        persist_outdate(services[i]);
                        services[i]->persist_error = ENOMEM;
                }
                persist_later(registry);
                return -ENOMEM;
        }
        for (size_t i = 0; i < count; i++) {
                struct persist *persist = batch->owner;

                persist->serials[i] = services[i]->serial = ++registry->serial;
                if (services[i]->record.removing != REMOVING_ALL)
                        owed_pay(registry, services[i]->profile); /* the old record is replaced */
                persist_entry(services[i], stop, &batch->entries[i]);
        }
        if (registry->owed.unsaved)
                persist_later(registry);
        store_write(&registry->store, batch);
        return 0;
}

int persist_forget(struct registry *registry, const char *profile, bool root, persist_function *done,
                   void *owner)
{
        struct store_batch *batch = persist_begin(registry, 1, root, done, owner);

        if (!batch)
                return -ENOMEM;
        ((struct persist *)batch->owner)->serials[0] = ++registry->serial; /* no service's */
        snprintf(batch->entries[0].profile, sizeof(batch->entries[0].profile), "%s", profile);
        batch->entries[0].removed = true;
        store_write(&registry->store, batch);
        return 0;
}

/* Does the record wait for the volume? A removal has its own way to the volume, and does not count. */
static bool waits(const struct service *service)
{
        return service->profile && service->record.unpersisted && !record_is_blind(&service->record) &&
               !service->record.removing;
}

size_t persist_waiting(const struct registry *registry)
{
        size_t count = 0;

        for (size_t i = 0; i < registry->count; i++)
                count += waits(registry->services[i]);
        return count;
}

size_t persist_blind(const struct registry *registry)
{
        size_t count = 0;

        for (size_t i = 0; i < registry->count; i++)
                count += registry->services[i]->profile && record_is_blind(&registry->services[i]->record);
        return count;
}

/* Does the record wait, and is not on its way? A newer batch would take the place of the one under way, and
 * its waiter would be told so. */
static bool waits_for_nothing(const struct service *service)
{
        return waits(service) && service->persisted_serial >= service->serial;
}

/* The rest is written next, if all of this batch was written. */
static void persist_rest(void *owner, const struct store_batch *batch)
{
        bool written = true;

        for (size_t i = 0; i < batch->count; i++)
                written = written && store_batch_result(batch, i) == 0;
        if (written)
                persist_soon(owner);
}

static void owed_written(void *owner, const struct store_batch *batch)
{
        struct registry *registry = owner;
        int result = store_batch_result(batch, 0);

        registry->owed.under_way--;
        if (registry->stopping)
                return;
        if (result == 0 || result == -EPROTONOSUPPORT) /* a newer broker's record is left as it is */
                owed_pay(registry, batch->entries[0].profile);
        if (owed_is_open(registry) && !registry->owed.under_way)
                persist_later(registry);
}

/* Has the volume forget what is owed, unless some of that is under way already. */
static void persist_owed(struct registry *registry)
{
        struct owed *owed = &registry->owed;
        size_t count = owed->under_way ? 0 : owed->count < PERSIST_AT_ONCE ? owed->count : PERSIST_AT_ONCE;
        bool failed = owed_save(registry) != 0;

        for (size_t i = 0; i < count && !failed; i++) {
                failed = persist_forget(registry, owed->names[i], false, owed_written, registry) != 0;
                owed->under_way += !failed;
        }
        if (failed)
                persist_later(registry);
}

static void persist_again(void *owner)
{
        struct registry *registry = owner;
        struct service **services = reallocarray(NULL, registry->count + 1, sizeof(struct service *));
        size_t count = 0, bytes = 0, i = 0;

        for (; services && i < registry->count && count < PERSIST_AT_ONCE && bytes < ORDER_BYTES_PER_BATCH;
             i++)
                if (waits_for_nothing(registry->services[i])) {
                        bytes += registry->services[i]->environment_bytes;
                        services[count++] = registry->services[i];
                }
        if (!services || (count && persist_services(registry, services, count, false, false,
                                                    i < registry->count ? persist_rest : NULL, registry)))
                timer_start(&registry->persist_again, PERSIST_AGAIN_MSEC);
        free(services);
        persist_owed(registry);
}

void persist_soon(struct registry *registry)
{
        timer_start(&registry->persist_again, 0);
}

const char *persist_problem(int error)
{
        if (!error)
                return NULL;
        if (error == ENOBUFS)
                return "too much is waiting to be written to the volume";
        if (error == ECANCELED)
                return "a newer order took its place";
        if (error == EPROTONOSUPPORT)
                return "the record there was written by a newer svcbrokerd, and is left as it is";
        if (error == ETIMEDOUT)
                return "the volume does not answer";
        return sysname_error_words(error);
}

void persist_init(struct registry *registry)
{
        timer_init(&registry->persist_again, registry->loop, persist_again, registry);
}
