#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/edge/log.h"
#include "daemon/edge/s6_control.h"
#include "daemon/model/registration.h"
#include "daemon/model/removal.h"
#include "proto/name.h"

static void registration_expired(void *owner);

static void registration_free(void *owner)
{
        struct registration *registration = owner;

        while (registration->waiters) {
                struct registration_waiter *waiter = registration->waiters;

                registration->waiters = waiter->next;
                free(waiter);
        }
        free(registration);
}

/* Takes the registration off the service and answers everybody who waits for it. */
static void registration_end(struct service *service, const struct fault *fault)
{
        struct registration *registration = service->registration;
        struct registry_events *events = &service->registry->events;

        service->registration = NULL;
        service->operation = OPERATION_NONE;
        for (struct registration_waiter *waiter = registration->waiters; waiter; waiter = waiter->next)
                events->registered(events->owner, waiter->ticket, service->profile, service, fault,
                                   waiter->created, waiter->changed);
        timer_close(&registration->timer, registration_free);
}

static struct registration_waiter *registration_add_waiter(struct service *service, struct ticket ticket)
{
        struct registration_waiter *waiter = calloc(1, sizeof(*waiter));

        if (!waiter)
                return NULL;
        waiter->ticket = ticket;
        waiter->next = service->registration->waiters;
        service->registration->waiters = waiter;
        return waiter;
}

static int registration_begin(struct service *service)
{
        struct registration *registration = calloc(1, sizeof(*registration));

        if (!registration)
                return -ENOMEM;
        registration->service = service;
        timer_init(&registration->timer, service->registry->loop, registration_expired, registration);
        timer_start(&registration->timer, REGISTER_MSEC);
        service->registration = registration;
        service->operation = OPERATION_REGISTER;
        return 0;
}

/* Makes the slot under its dot name, gives it its name, arms the watches, asks for its link. */
static int registration_build(struct service *service, struct json_object *environment,
                              const char **operation)
{
        struct registry *registry = service->registry;
        struct text state;
        int result;

        text_init(&state);
        snprintf(service->record.boot, sizeof(service->record.boot), "%s", registry->boot);
        record_write(&service->record, &state);
        text_append(&state, "", 1);
        *operation = "make the service directory from the template";
        result = state.failed ? -ENOMEM
                              : slot_stage(&registry->slots, service->name, service->profile, environment,
                                           state.bytes, !service->record.want_up);
        text_deinit(&state);
        if (result == 0) {
                *operation = "name the service directory";
                result = slot_commit(&registry->slots, service->name);
        }
        if (result == 0) { /* before s6-svscan sees it */
                *operation = "watch the service directory";
                service->has_log = slot_has_log(&registry->slots, service->name);
                result = registry_watch(registry, service);
        }
        if (result == 0)
                publication_wake(registry);
        return result;
}

/* It will not be supervised: undone, unless it was there before us. */
static void registration_undo(struct service *service, const struct fault *fault)
{
        struct registration *registration = service->registration;
        bool stays = registration->adopted && !registration->remove_after;
        int64_t timeout_msec = registration->remove_timeout_msec;

        log_line("register: %s: why=%s service=%s", stays ? "left as it is" : "rolled back",
                 strerrorname_np(fault->error), service->name);
        registration_end(service, fault);
        if (stays)
                service_step(service); /* it is watched, and goes on when a supervisor comes */
        else
                removal_begin(service, timeout_msec);
}

static void registration_expired(void *owner)
{
        struct registration *registration = owner;

        registration_undo(registration->service, &(struct fault){.kind = FAULT_SYSTEM,
                                                                 .text = "wait for s6-svscan to supervise it",
                                                                 .error = ETIMEDOUT});
}

void registration_link(struct service *service)
{
        int result = registry_link(service->registry, service->name);

        if (result)
                registration_undo(service, &(struct fault){.kind = FAULT_SYSTEM,
                                                           .text = "link it into the scan directory",
                                                           .error = -result});
        else
                service->registration->linked = true;
}

void registration_step(struct service *service)
{
        bool go = service->registration->remove_after;
        int64_t timeout_msec = service->registration->remove_timeout_msec;

        if (!service->registration->linked || !service->supervised ||
            (service->has_log && !service->log_supervised))
                return;
        registration_end(service, NULL);
        publication_wake(service->registry);
        if (go)
                removal_begin(service, timeout_msec);
        else
                service_step(service);
}

static void refuse(struct registry *registry, struct ticket ticket, const char *profile, struct fault fault)
{
        registry->events.registered(registry->events.owner, ticket, profile, NULL, &fault, false, false);
}

/* It is there already: only its environment may change. */
static void register_again(struct service *service, struct ticket ticket, struct json_object *environment)
{
        struct registry *registry = service->registry;
        struct registry_events *events = &registry->events;
        bool changed = false;
        int result = 0;

        if (!service->profile) {
                refuse(registry, ticket, name_profile_of(service->name),
                       (struct fault){.kind = FAULT_PROTECTED,
                                      .text = "a service that is not the broker's has this name"});
                return;
        }
        if (service->operation == OPERATION_UNREGISTER ||
            (service->registration && service->registration->remove_after)) {
                refuse(registry, ticket, service->profile,
                       (struct fault){.kind = FAULT_BUSY, .text = "unregister"});
                return;
        }
        if (environment)
                result = slot_set_environment(&registry->slots, service->name, environment, &changed);
        if (result) {
                refuse(registry, ticket, service->profile,
                       (struct fault){
                               .kind = FAULT_SYSTEM, .text = "replace the environment", .error = -result});
        } else if (service->operation == OPERATION_REGISTER) {
                struct registration_waiter *waiter = registration_add_waiter(service, ticket);

                if (waiter)
                        waiter->changed = changed;
                else
                        refuse(registry, ticket, service->profile,
                               (struct fault){.kind = FAULT_SYSTEM, .text = "register", .error = ENOMEM});
        } else if (!service->supervised) {
                refuse(registry, ticket, service->profile,
                       (struct fault){.kind = FAULT_UNSUPERVISED, .text = "no s6-supervise runs for it"});
        } else {
                events->registered(events->owner, ticket, service->profile, service, NULL, false, changed);
        }
}

static void register_new(struct registry *registry, struct ticket ticket, const char *name,
                         const char *profile, struct json_object *environment, bool start)
{
        const char *operation = "register";
        struct service *service = registry_add(registry, name, true);
        struct registration_waiter *waiter = NULL;
        int result = service ? registration_begin(service) : -ENOMEM;

        if (result == 0) {
                waiter = registration_add_waiter(service, ticket);
                service->record.want_up = start;
                result = waiter ? registration_build(service, environment, &operation) : -ENOMEM;
        }
        if (result == 0) {
                waiter->created = true;
                service->goal.kind = start ? GOAL_UP : GOAL_NONE;
                log_line("register: begun service=%s want=%s", name, start ? "up" : "down");
                service_step(service);
                return;
        }
        log_line("register: failed: why=%s service=%s", strerrorname_np(-result), name);
        if (service) {
                registry_unlink(registry, name);
                slot_remove(&registry->slots, name);
                registry_forget(registry, service);
        }
        refuse(registry, ticket, profile,
               (struct fault){.kind = FAULT_SYSTEM, .text = operation, .error = -result});
}

void operation_register(struct registry *registry, struct ticket ticket, const char *profile,
                        struct json_object *environment, bool start)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        struct service *service;

        name_service_of(profile, name, sizeof(name));
        service = registry_find(registry, name);
        if (service)
                register_again(service, ticket, environment);
        else if (registry_supervisors(registry) + 2 > registry->services_max)
                refuse(registry, ticket, profile,
                       (struct fault){.kind = FAULT_TOO_MANY_SERVICES, .number = registry->services_max});
        else if (!scandir_is_running(&registry->scandir))
                refuse(registry, ticket, profile,
                       (struct fault){.kind = FAULT_UNSUPERVISED,
                                      .text = "no s6-svscan runs on the scan directory"});
        else
                register_new(registry, ticket, name, profile, environment, start);
}

int operation_resume_register(struct service *service)
{
        int result = registration_begin(service);

        if (result)
                return result;
        service->registration->adopted = true;
        publication_wake(service->registry);
        return 0;
}

void registration_drop(struct service *service)
{
        if (service->registration)
                timer_close(&service->registration->timer, registration_free);
        service->registration = NULL;
}
