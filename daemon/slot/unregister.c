/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/service/home.h"
#include "daemon/service/persist.h"
#include "daemon/slot/registration.h"
#include "daemon/slot/removal.h"
#include "proto/name.h"

/* An unregister that a client asked for. */
struct asked {
        struct ready ready;
        struct registry *registry;
        struct ticket ticket;
        char profile[LIMIT_PROFILE_NAME_BYTES + 1];
        int64_t timeout_msec;
        bool root;
        struct event_by by;
};

static void asked_drop(struct ready *ready)
{
        free(ready);
}

static void answer(const struct asked *asked, const struct fault *fault, int persist_error)
{
        const struct registry_events *events = &asked->registry->events;

        events->unregistered(events->owner, asked->ticket, asked->profile, NULL, fault, persist_error);
}

static void note_owed(const struct asked *asked, int error)
{
        if (!error)
                owed_pay(asked->registry, asked->profile);
        else if (error != EPROTONOSUPPORT && error != ECANCELED)
                owed_note(asked->registry, asked->profile);
        if (owed_is_open(asked->registry))
                persist_later(asked->registry);
}

static void forgotten_written(void *owner, const struct store_batch *batch)
{
        struct asked *asked = owner;

        forgotten_note(&asked->registry->forgotten, asked->profile);
        if (!asked->registry->stopping)
                note_owed(asked, -store_batch_result(batch, 0));
        answer(asked, &(struct fault){.kind = FAULT_NOT_REGISTERED}, -store_batch_result(batch, 0));
        free(asked);
}

/* There is no slot, but a record that an earlier unregister could not take from the volume may still be
 * there. */
static void forget_absent(struct asked *asked)
{
        if (persist_forget(asked->registry, asked->profile, asked->root, forgotten_written, asked) == 0)
                return;
        note_owed(asked, ENOMEM);
        answer(asked, &(struct fault){.kind = FAULT_NOT_REGISTERED}, ENOMEM);
        free(asked);
}

/* The slot is being removed already: the more impatient caller wins. */
static void removal_join(struct service *service, const struct asked *asked)
{
        struct removal *removal = service->removal;

        if (service->record.removing != REMOVING_ALL) { /* a register is being undone */
                service->record.removing = REMOVING_ALL;
                service_save(service);
                persist_services(service->registry, &service, 1, false, asked->root, NULL, NULL);
        } else if (removal->phase == REMOVAL_FORGETTING) {
                if (asked->timeout_msec < removal->timeout_msec)
                        removal->timeout_msec = asked->timeout_msec;
        } else if (removal->phase == REMOVAL_STOPPING &&
                   asked->timeout_msec < timer_left_msec(&removal->timer)) {
                timer_start(&removal->timer, (uint64_t)asked->timeout_msec);
        }
}

static void unregister(struct service *service, const struct asked *asked)
{
        history_note_order(asked->registry, service->name, EVENT_UNREGISTER, 0, &asked->by);
        switch (service->operation) {
        case OPERATION_NONE:
                removal_begin(service, asked->timeout_msec, true, asked->root);
                break;
        case OPERATION_REGISTER:
                service->registration->remove_after = true;
                service->registration->root |= asked->root;
                service->registration->remove_timeout_msec = asked->timeout_msec;
                break;
        case OPERATION_UNREGISTER:
                removal_join(service, asked);
                break;
        }
}

static bool asked_step(struct ready *ready)
{
        struct asked *asked = (struct asked *)ready;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        struct fault fault = {.kind = FAULT_NONE};
        struct service *service;

        name_service_of(asked->profile, name, sizeof(name));
        service = registry_find(asked->registry, name);
        if (strcmp(asked->profile, "default") == 0)
                fault = (struct fault){.kind = FAULT_PROTECTED,
                                       .text = "the default profile always has its gateway"};
        else if (service && !service->profile)
                fault = (struct fault){.kind = FAULT_PROTECTED, .text = "it is not the broker's"};
        else if (service && removal_add_waiter(service, asked->ticket))
                fault = (struct fault){.kind = FAULT_SYSTEM, .text = "unregister", .error = ENOMEM};
        if (!fault.kind) {
                forgotten_note(&asked->registry->forgotten, asked->profile);
                asked->registry->above.forgotten(asked->registry->above.owner, asked->profile);
        }
        if (!service && !fault.kind) {
                home_take_away(asked->registry, asked->profile, 0); /* a boot may be about to make a slot */
                forget_absent(asked);
                return false;
        }
        if (fault.kind)
                answer(asked, &fault, 0);
        else
                unregister(service, asked);
        free(asked);
        return false;
}

int operation_unregister(struct registry *registry, struct ticket ticket, const char *profile,
                         int64_t timeout_msec, bool root)
{
        struct asked *asked = calloc(1, sizeof(*asked));

        if (!asked)
                return -ENOMEM;
        ready_init(&asked->ready, &registry->ready, asked_step);
        asked->ready.root = root;
        asked->ready.drop = asked_drop;
        asked->registry = registry;
        asked->ticket = ticket;
        snprintf(asked->profile, sizeof(asked->profile), "%s", profile);
        asked->timeout_msec = timeout_msec;
        asked->root = root;
        history_see_caller(registry, ticket, &asked->by);
        ready_wake(&asked->ready);
        return 0;
}

void operation_resume_unregister(struct service *service)
{
        removal_begin(service, DEFAULT_UNREGISTER_MSEC, service->record.removing == REMOVING_ALL, false);
}
