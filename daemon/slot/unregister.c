#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/service/persist.h"
#include "daemon/slot/registration.h"
#include "daemon/slot/removal.h"
#include "proto/name.h"

/* There is no slot; what an unregister before this one could not take from the volume may be there still. */
struct forgotten {
        struct ticket ticket;
        char profile[LIMIT_PROFILE_NAME_BYTES + 1];
};

static void answer_absent(struct registry *registry, struct ticket ticket, const char *profile, int error)
{
        const struct fault fault = {.kind = FAULT_NOT_REGISTERED};

        registry->events.unregistered(registry->events.owner, ticket, profile, NULL, &fault, error);
}

static void forgotten_written(void *owner, const struct store_batch *batch)
{
        struct forgotten *forgotten = owner;

        answer_absent(persist_registry(batch), forgotten->ticket, forgotten->profile,
                      -store_batch_result(batch, 0));
        free(forgotten);
}

static void forget_absent(struct registry *registry, struct ticket ticket, const char *profile, bool root)
{
        struct forgotten *forgotten = malloc(sizeof(*forgotten));

        if (forgotten) {
                forgotten->ticket = ticket;
                snprintf(forgotten->profile, sizeof(forgotten->profile), "%s", profile);
                if (persist_forget(registry, profile, root, forgotten_written, forgotten) == 0)
                        return;
        }
        free(forgotten);
        answer_absent(registry, ticket, profile, ENOMEM);
}

void operation_unregister(struct registry *registry, struct ticket ticket, const char *profile,
                          int64_t timeout_msec, bool root)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        struct registry_events *events = &registry->events;
        struct service *service;
        struct fault fault = {.kind = FAULT_NONE};

        name_service_of(profile, name, sizeof(name));
        service = registry_find(registry, name);
        if (!strcmp(profile, "default"))
                fault = (struct fault){.kind = FAULT_PROTECTED,
                                       .text = "the default profile always has its gateway"};
        else if (service && !service->profile)
                fault = (struct fault){.kind = FAULT_PROTECTED, .text = "it is not the broker's"};
        else if (service && removal_add_waiter(service, ticket))
                fault = (struct fault){.kind = FAULT_SYSTEM, .text = "unregister", .error = ENOMEM};
        if (fault.kind) {
                events->unregistered(events->owner, ticket, profile, NULL, &fault, 0);
        } else if (!service) {
                forget_absent(registry, ticket, profile, root);
        } else if (service->operation == OPERATION_REGISTER) {
                service->registration->remove_after = true;
                service->registration->root |= root;
                service->registration->remove_timeout_msec = timeout_msec;
        } else if (service->operation == OPERATION_NONE) {
                removal_begin(service, timeout_msec, true, root);
        } else if (!service->record.forgotten) { /* a register is being undone */
                service->record.forgotten = true;
                service_save(service);
                persist_services(registry, &service, 1, false, root, NULL, NULL);
        } else if (service->removal->phase == REMOVAL_FORGETTING) {
                if (timeout_msec < service->removal->timeout_msec)
                        service->removal->timeout_msec = timeout_msec;
        } else if (service->removal->phase == REMOVAL_STOPPING &&
                   timeout_msec < timer_left_msec(&service->removal->timer)) {
                timer_start(&service->removal->timer,
                            (uint64_t)timeout_msec); /* the more impatient one wins */
        }
}

void operation_resume_unregister(struct service *service)
{
        removal_begin(service, DEFAULT_UNREGISTER_MSEC, service->record.forgotten, false);
}
