/* SPDX-License-Identifier: ISC */
#include "daemon/slot/registration.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/edge/control.h"
#include "daemon/log/log.h"
#include "daemon/edge/slot_environment.h"
#include "daemon/slot/admission.h"
#include "daemon/service/turn.h"
#include "daemon/service/persist.h"
#include "daemon/slot/removal.h"
#include "daemon/service/restart.h"
#include "daemon/service/watches.h"
#include "daemon/slot/publication.h"
#include "proto/name.h"
#include "proto/sysname.h"

static bool registration_step(struct ready *ready);
static void registration_expired(void *owner);

/* Takes the registration off the service and answers everybody who waits for it. */
static void registration_end(struct service *service, const struct fault *fault)
{
        struct registration *registration = service->registration;

        service->registration = NULL;
        service->operation = OPERATION_NONE;
        service->follower = NULL;
        service->place.kind = PLACE_KEPT;
        ready_remove(&registration->ready);
        for (struct registration_waiter *waiter = registration->waiters; waiter; waiter = waiter->next)
                registration_answer(service->registry, waiter, service->profile, service, fault,
                                    service->persist_error);
        timer_close(&registration->timer, registration_free);
        stagger_wake(service->registry);
}

static int registration_begin(struct service *service)
{
        struct registration *registration = calloc(1, sizeof(*registration));

        if (!registration)
                return -ENOMEM;
        registration->service = service;
        registration->began_msec = clock_msec();
        timer_init(&registration->timer, service->registry->loop, registration_expired, registration);
        timer_start(&registration->timer, REGISTER_MSEC);
        ready_init(&registration->ready, &service->registry->ready, registration_step);
        service->registration = registration;
        service->operation = OPERATION_REGISTER;
        service->operation_began_msec = registration->began_msec;
        service->follower = &registration->ready;
        return 0;
}

/* Makes the slot under its dot name, gives it its name, arms the watches, asks for its link. */
static int registration_build(struct service *service, struct json_object *environment,
                              const char **operation)
{
        struct registry *registry = service->registry;
        bool down = !record_runs_now(&service->record) || service->record.pending;
        struct text state;
        int result;

        *operation = "link it into the scan directory";
        if (registry_is_taken(registry, service->name))
                return -EEXIST;
        text_init(&state);
        snprintf(service->record.boot, sizeof(service->record.boot), "%s", registry->boot);
        record_write(&service->record, NULL, &state);
        text_append(&state, "", 1);
        *operation = "make the service directory from the template";
        result = state.failed ? -ENOMEM
                              : slot_stage(&registry->slots, service->name, service->profile, environment,
                                           state.bytes, down ? SLOT_DOWN_BOTH : SLOT_DOWN_NONE);
        text_deinit(&state);
        if (result == 0) {
                *operation = "name the service directory";
                result = slot_commit(&registry->slots, service->name);
        }
        service->environment_bytes = environment_weight(environment);
        if (result == 0) { /* before s6-svscan sees it */
                *operation = "watch the service directory";
                result = watches_arm_new(service);
        }
        service->logger.idle = service->logger.there && down;
        if (down) /* nothing can have run before it is seen */
                service->leftover = LEFTOVER_NEVER;
        if (result == 0)
                publication_come(service, service->registration->root);
        if (result == 0 && service->record.unpersisted)
                persist_services(registry, &service, 1, false, service->registration->root, NULL, NULL);
        return result;
}

/* The slot is not supervised in time: it is undone, unless it was there before this broker, or is the
 * broker's own and only late. */
static void registration_undo(struct service *service, const struct fault *fault)
{
        struct registration *registration = service->registration;
        bool forget = registration->remove_after;
        bool late = service->place.kind == PLACE_LINKED && fault->error == ETIMEDOUT;
        bool stays = (registration->adopted || (late && registration_is_own(registration))) && !forget;
        int64_t timeout_msec = registration->remove_timeout_msec;
        bool root = registration->root;

        if (stays)
                log_event("register: left as it is: why=%s service=%s", sysname_error(fault->error),
                          service->name);
        else
                log_event("register: rolled back: why=%s service=%s", sysname_error(fault->error),
                          service->name);
        registration_end(service, fault);
        if (!stays) {
                removal_begin(service, timeout_msec, forget, root);
                return;
        }
        service_wake(service); /* the slot is watched, and goes on when a supervisor comes */
        if (service->record.pending && service->record.want_up)
                stagger_start(service);
}

/* Has s6-svscan not been shown the slot yet? That is the broker's own doing, and no reason to undo the slot;
 * but a client is told in the end. */
static bool registration_is_held(const struct registration *registration, int64_t now_msec)
{
        return registration->service->place.kind == PLACE_COMING &&
               (registration_is_own(registration) ||
                (publication_is_held(registration->service->registry) &&
                 now_msec - registration->began_msec < REGISTER_MOST_MSEC));
}

/* The timer has expired: the registration is undone, unless s6-svscan is still at work. */
static void registration_is_due(struct service *service)
{
        struct registration *registration = service->registration;
        int64_t now_msec = clock_msec(), quiet_msec = now_msec - service->registry->moved_msec;

        if (registration_is_held(registration, now_msec)) {
                timer_start(&registration->timer, REGISTER_MSEC);
        } else if (quiet_msec < REGISTER_MSEC && now_msec - registration->began_msec < REGISTER_MOST_MSEC) {
                timer_start(&registration->timer, (uint64_t)(REGISTER_MSEC - quiet_msec));
        } else {
                registration_undo(service, &(struct fault){.kind = FAULT_SYSTEM,
                                                           .text = "wait for s6-svscan to supervise it",
                                                           .error = ETIMEDOUT});
        }
}

/* Supervisors that are there by now are seen first: the timer may come before all events of a long turn. */
static void registration_expired(void *owner)
{
        struct registration *registration = owner;

        registry_catch_up(registration->service->registry);
        service_see(registration->service);
        service_wake(registration->service);
        registration->due = true;
        ready_wake(&registration->ready);
}

static bool registration_is_complete(const struct service *service)
{
        return service->place.kind == PLACE_LINKED && service_is_wholly_supervised(service) &&
               service->persisted_serial >= service->serial;
}

static void registration_complete(struct service *service)
{
        bool go = service->registration->remove_after;
        bool root = service->registration->root;
        int64_t timeout_msec = service->registration->remove_timeout_msec;

        registration_end(service, NULL);
        publication_wake(service->registry);
        if (go)
                removal_begin(service, timeout_msec, true, root);
        else
                service_wake(service);
}

static bool registration_step(struct ready *ready)
{
        struct registration *registration = (struct registration *)ready;
        struct service *service = registration->service;
        bool due = registration->due;

        registration->due = false;
        if (service->place.kind == PLACE_REFUSED)
                registration_undo(service, &(struct fault){.kind = FAULT_SYSTEM,
                                                           .text = "link it into the scan directory",
                                                           .error = service->place.error});
        else if (registration_is_complete(service))
                registration_complete(service);
        else if (due)
                registration_is_due(service);
        return false;
}

void registration_drop(struct service *service)
{
        struct registration_waiter *waiter = service->registration ? service->registration->waiters : NULL;

        for (; waiter; waiter = waiter->next) /* the broker's own have something to free */
                if (waiter->own)
                        waiter->own->ended(waiter->own, NULL, &(struct fault){.kind = FAULT_SUPERSEDED});
        if (!service->registration)
                return;
        ready_remove(&service->registration->ready);
        timer_close(&service->registration->timer, registration_free);
        service->registration = NULL;
        service->operation = OPERATION_NONE;
        service->follower = NULL;
}

static void note_begun(struct service *service, const struct registration_waiter *waiter,
                       struct json_object *environment)
{
        service->starter = waiter->own ? STARTER_BOOT : STARTER_PERSON;
        if (waiter->own) {
                if (service->registry->fresh_boot)
                        history_note_container(service);
                return;
        }
        history_note_order(service->registry, service->name, EVENT_REGISTER, 0, &waiter->by);
        registration_note_variables(service, NULL, environment);
}

static void register_new(struct registry *registry, struct registration_waiter *waiter, const char *name,
                         const char *profile, struct json_object *environment, const struct record *record)
{
        const char *operation = "register";
        struct service *service = service_new(registry, name, true);
        int result = service ? registration_begin(service) : -ENOMEM;

        waiter->created = true;
        if (result == 0) {
                service->record = *record;
                service->registration->root = service->registration->ready.root = waiter->root;
                result = registration_add_waiter(service, waiter)
                                 ? registration_build(service, environment, &operation)
                                 : -ENOMEM;
        }
        if (result == 0) {
                service->own.goal.kind =
                        record->want_up && !record->brake.hold && !record->pending ? GOAL_UP : GOAL_NONE;
                note_begun(service, waiter, environment);
                log_event("register: begun service=%s want=%s", name, record->want_up ? "up" : "down");
                service_follow_time(service);
                service_wake(service);
                return;
        }
        log_event("register: failed: why=%s service=%s", sysname_error(-result), name);
        if (service) {
                if (service->registration && service->registration->waiters)
                        service->registration->waiters->own = NULL; /* the waiter is told once, below */
                registry_unlink(registry, name);
                slot_remove(&registry->slots, name);
                registration_drop(service);
                registry_forget(registry, service);
        }
        registration_refuse(registry, waiter, profile,
                            (struct fault){.kind = FAULT_SYSTEM, .text = operation, .error = -result});
}

void registration_any(struct registry *registry, struct registration_waiter *waiter, const char *profile,
                      struct json_object *environment, const struct record *record)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        struct service *service;
        struct fault fault;

        name_service_of(profile, name, sizeof(name));
        service = registry_find(registry, name);
        if (service) {
                registration_again(service, waiter, waiter->own ? NULL : environment);
                return;
        }
        if (registry->has_dead) /* a slot of that name is the last container's */
                slot_remove(&registry->slots, name);
        fault = admission_of_slot(registry, environment, waiter->is_default);
        if (fault.kind)
                registration_refuse(registry, waiter, profile, fault);
        else
                register_new(registry, waiter, name, profile, environment, record);
}

bool operation_register_own(struct registry *registry, const char *profile, const struct record *record,
                            struct json_object *environment, struct own_registration *own,
                            struct fault *fault)
{
        /* There is always a gateway for `default`. */
        struct registration_waiter waiter = {
                .own = own, .at_once = fault, .is_default = strcmp(profile, "default") == 0};

        registration_any(registry, &waiter, profile, environment, record);
        return !waiter.ended;
}

int operation_resume_register(struct service *service)
{
        int result = registration_begin(service);

        if (result)
                return result;
        service->registration->adopted = true;
        publication_come(service, false);
        return 0;
}
