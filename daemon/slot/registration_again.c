/* SPDX-License-Identifier: ISC */
#include "daemon/slot/registration.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "daemon/edge/slot_environment.h"
#include "daemon/slot/admission.h"
#include "daemon/service/log_pipe.h"
#include "daemon/service/persist.h"
#include "proto/name.h"

/* A register whose answer waits for the volume to have the environment that is new to the slot. */
struct replaced {
        struct registration_waiter waiter;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
};

static void environment_persisted(void *owner, const struct store_batch *batch)
{
        struct replaced *replaced = owner;
        struct registry *registry = persist_registry(batch);
        struct service *service = registry_find(registry, replaced->name);

        if (service)
                registration_answer(registry, &replaced->waiter, service->profile, service, NULL,
                                    -store_batch_result(batch, 0));
        else
                registration_refuse(registry, &replaced->waiter, name_profile_of(replaced->name),
                                    (struct fault){.kind = FAULT_NOT_REGISTERED});
        free(replaced);
}

/* Answers when the volume has the environment. said: the caller has said what the variables are, which is
 * known then even if none has changed. */
static void environment_replaced(struct service *service, struct registration_waiter *waiter, bool said)
{
        struct replaced *replaced;

        if (said && !waiter->changed) { /* a change is recorded already */
                record_know_environment(&service->record);
                service_save(service);
        }
        if (record_is_blind_to_want(
                    &service->record)) { /* only the volume knows what is wanted, and does not answer */
                registration_answer(service->registry, waiter, service->profile, service, NULL, ETIMEDOUT);
                return;
        }
        replaced = malloc(sizeof(*replaced));
        if (replaced) {
                replaced->waiter = *waiter;
                snprintf(replaced->name, sizeof(replaced->name), "%s", service->name);
        }
        if (replaced && persist_services(service->registry, &service, 1, false, waiter->root,
                                         environment_persisted, replaced) == 0)
                return;
        free(replaced);
        persist_later(service->registry);
        registration_answer(service->registry, waiter, service->profile, service, NULL, ENOMEM);
}

/* Why nothing can be done with the slot that is there; FAULT_NONE: something can. */
static struct fault again_fault(const struct service *service)
{
        if (!service->profile)
                return (struct fault){.kind = FAULT_PROTECTED,
                                      .text = "a service that is not the broker's has this name"};
        if (service->operation == OPERATION_UNREGISTER ||
            (service->registration && service->registration->remove_after))
                return (struct fault){.kind = FAULT_BUSY, .text = "unregister"};
        if (service->operation == OPERATION_NONE && !service->own.supervised && !log_pipe_is_renewed(service))
                return (struct fault){.kind = FAULT_UNSUPERVISED, .text = "no s6-supervise runs for it"};
        return (struct fault){.kind = FAULT_NONE};
}

/* The environment has changed while the slot is being registered: all who wait are told together. */
static void environment_changed(struct service *service, bool root)
{
        if (record_is_blind_to_want(&service->record))
                service->persist_error = ETIMEDOUT;
        else
                persist_services(service->registry, &service, 1, false, root, NULL, NULL);
}

/* That the volume does not have these variables is recorded before the slot has them: so a broker that is
 * killed in between leaves none that the next broker does not write to the volume. */
static int environment_set(struct service *service, struct json_object *environment, bool *changed)
{
        const struct slots *slots = &service->registry->slots;
        struct record before = service->record;
        int result = slot_prepare_environment(slots, service->name, environment, changed);

        if (result == 0 && *changed) {
                service->record.unpersisted = true;
                record_know_environment(&service->record);
                result = service_save(service);
        }
        if (result == 0)
                result = slot_take_environment(slots, service->name);
        if (result == 0) {
                service->environment_bytes = environment_weight(environment);
                return 0;
        }
        slot_drop_environment(slots, service->name);
        service->record = before;
        service_save(service);
        *changed = false;
        return result;
}

/* FAULT_NONE: the slot has these variables now. */
static struct fault environment_give(struct service *service, struct json_object *environment, bool *changed)
{
        struct fault fault = admission_of_environment(service, environment);
        int result;

        if (fault.kind == FAULT_NONE && admission_is_short(service->registry)) {
                if (admission_has_environment(service, environment))
                        return fault; /* for a copy beside the old one there may be no room */
                return admission_no_room;
        }
        if (fault.kind)
                return fault;
        result = environment_set(service, environment, changed);
        if (result)
                fault = (struct fault){
                        .kind = FAULT_SYSTEM, .text = "replace the environment", .error = -result};
        return fault;
}

/* Gives the slot these variables, and notes in the history who has changed which. Of former variables that
 * cannot be read nothing is told. */
static struct fault environment_note(struct service *service, struct registration_waiter *waiter,
                                     struct json_object *environment)
{
        struct json_object *before = NULL;
        struct fault fault;

        slot_read_environment(&service->registry->slots, service->name, &before);
        fault = environment_give(service, environment, &waiter->changed);
        if (waiter->changed) {
                history_note_order(service->registry, service->name, EVENT_REGISTER, 0, &waiter->by);
                registration_note_variables(service, before, environment);
        }
        json_object_put(before);
        return fault;
}

void registration_again(struct service *service, struct registration_waiter *waiter,
                        struct json_object *environment)
{
        struct registry *registry = service->registry;
        struct fault fault = again_fault(service);

        if (!fault.kind && environment)
                fault = environment_note(service, waiter, environment);
        if (fault.kind) {
                registration_refuse(registry, waiter, name_profile_of(service->name), fault);
        } else if (service->operation == OPERATION_REGISTER) {
                if (!registration_add_waiter(service, waiter))
                        registration_refuse(
                                registry, waiter, service->profile,
                                (struct fault){.kind = FAULT_SYSTEM, .text = "register", .error = ENOMEM});
                else if (waiter->changed)
                        environment_changed(service, waiter->root);
        } else if (waiter->changed || (service->record.unpersisted && !waiter->own)) {
                environment_replaced(service, waiter,
                                     environment); /* changed now, or before: the volume does not have it */
        } else {
                registration_answer(registry, waiter, service->profile, service, NULL, 0);
        }
}
