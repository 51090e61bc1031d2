/* SPDX-License-Identifier: ISC */
#include "daemon/order/reconcile_work.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/order/boot.h"
#include "daemon/service/registry.h"
#include "daemon/slot/adopt.h"
#include "daemon/slot/operation.h"
#include "daemon/slot/publication.h"
#include "daemon/slot/removal.h"
#include "proto/name.h"
#include "proto/sysname.h"

static const char *fault_text(const struct fault *fault, char *line, size_t size)
{
        if (fault->kind == FAULT_TOO_MANY_SERVICES)
                return "s6-svscan takes no more services";
        if (fault->kind == FAULT_LIMIT)
                return "the variables of all profiles together exceed their limit";
        if (!fault->error)
                return fault->text ? fault->text : "see the log";
        snprintf(line, size, "%s: %s", fault->text, sysname_error_words(fault->error));
        return line;
}

static struct service *service_of(const struct registry *registry, const char *profile)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        name_service_of(profile, name, sizeof(name));
        return registry_find(registry, name);
}

static void reconcile_registered(struct own_registration *own, struct service *service,
                                 const struct fault *fault)
{
        struct planned *planned = (struct planned *)own;
        struct reconcile *reconcile = planned->owner;
        struct reconcile_action *action = plan_action(&reconcile->plan, planned);
        char line[RECORD_REASON_BYTES - 64];
        bool late = fault && service && fault->error == ETIMEDOUT && service->operation == OPERATION_NONE;

        reconcile->open--;
        if (reconcile->registry->stopping)
                return;
        if (reconcile->counted && fault && !late)
                boot_lost(reconcile->registry, action->profile, fault_text(fault, line, sizeof(line)));
        else if (reconcile->counted)
                boot_made(reconcile->registry);
        if (late && reconcile->counted) { /* the slot stays, and goes on as soon as s6-svscan comes to it */
                snprintf(action->message, sizeof(action->message), "it has no s6-supervise yet");
        } else if (fault) {
                action->what = RECONCILE_SKIPPED;
                snprintf(action->message, sizeof(action->message), "it could not be registered: %s",
                         fault_text(fault, line, sizeof(line)));
        } else if (service) {
                service->unclean = reconcile->request->boot && reconcile->registry->fresh_boot &&
                                   action->prior_exit == PRIOR_EXIT_UNCLEAN;
                if (action->what == RECONCILE_STARTED)
                        stagger_start(service);
        }
        if (!reconcile->open)
                ready_wake(&reconcile->ready);
}

/* A slot that does not go now is one of the next Reconcile's again. */
static void reconcile_remove(const struct registry *registry, struct reconcile_action *action)
{
        struct service *service = service_of(registry, action->profile);
        const char *why = NULL;

        if (!service || service->operation == OPERATION_UNREGISTER)
                return; /* somebody else has removed it, or does */
        if (service->operation != OPERATION_NONE || service_is_alive(service))
                why = "it was started meanwhile";
        else if (removal_begin(service, DEFAULT_UNREGISTER_MSEC, true, false))
                why = "it could not be removed: out of memory";
        if (!why)
                return;
        action->what = RECONCILE_SKIPPED;
        snprintf(action->message, sizeof(action->message), "%s", why);
}

static void reconcile_do(struct reconcile *reconcile, struct planned *planned)
{
        struct registry *registry = reconcile->registry;
        struct reconcile_action *action = plan_action(&reconcile->plan, planned);
        struct fault fault;

        switch (action->what) {
        case RECONCILE_STARTED:
        case RECONCILE_REGISTERED:
        case RECONCILE_HELD:
                reconcile->open++;
                planned->owner = reconcile;
                planned->own.ended = reconcile_registered;
                if (!operation_register_own(registry, action->profile, &planned->record, planned->environment,
                                            &planned->own, &fault))
                        reconcile_registered(&planned->own, service_of(registry, action->profile),
                                             fault.kind ? &fault : NULL);
                break;
        case RECONCILE_REMOVED:
                reconcile_remove(registry, action);
                break;
        case RECONCILE_KEPT:
                if (planned->adjust)
                        plan_adjust(registry, action->profile, planned);
                break;
        case RECONCILE_SKIPPED:
                break;
        }
}

/* Does root wait for what is made now? Not for what follows in a boot's second round: nobody does. */
static bool reconcile_is_root(const struct reconcile *reconcile)
{
        return reconcile->request->root && !reconcile->follows;
}

static void wave_begin(struct reconcile *reconcile)
{
        reconcile->ready.root = reconcile_is_root(reconcile);
        reconcile->holds = true;
        reconcile->begun = 0;
        publication_hold(reconcile->registry, reconcile_is_root(reconcile));
}

static void wave_end(struct reconcile *reconcile)
{
        if (reconcile->holds)
                publication_release(reconcile->registry, reconcile_is_root(reconcile));
        reconcile->holds = false;
}

/* A boot's first round makes what is wanted, and `default`; its second round makes what is down, in waves,
 * and waits for each. */
static bool is_its_turn(const struct reconcile *reconcile, const struct planned *planned)
{
        const struct reconcile_action *action = plan_action(&reconcile->plan, planned);
        bool follows = action->what == RECONCILE_REGISTERED && strcmp(action->profile, "default") != 0;

        if (action->what == RECONCILE_KEPT && !planned->adjust)
                return false;
        return !reconcile->request->boot || follows == reconcile->follows;
}

static struct planned *reconcile_next(struct reconcile *reconcile)
{
        if (reconcile->follows && reconcile->begun == BOOT_WAVE)
                return NULL;
        while (reconcile->next < reconcile->plan.count) {
                struct planned *planned = &reconcile->plan.planned[reconcile->next++];

                if (is_its_turn(reconcile, planned))
                        return planned;
        }
        return NULL;
}

/* The first round of a boot is over. */
static void reconcile_follow(struct reconcile *reconcile)
{
        struct reconcile_request *request = reconcile->request;

        reconcile->follows = true;
        reconcile->next = 0;
        if (reconcile->counted)
                boot_follow(reconcile->registry, true);
        if (request->first)
                request->first(request->owner);
        request->first = NULL;
}

static bool reconcile_step(struct ready *ready)
{
        struct reconcile *reconcile = (struct reconcile *)ready;
        struct planned *planned;

        if (reconcile->has_dead && adopt_remove_dead(reconcile->registry))
                return true;
        reconcile->has_dead = false;
        planned = reconcile_next(reconcile);
        if (planned) {
                if (!reconcile->holds)
                        wave_begin(reconcile);
                reconcile->begun++;
                reconcile_do(reconcile, planned);
                return true;
        }
        wave_end(reconcile);
        if (reconcile->open)
                return false; /* the last registration that ends wakes the reconcile */
        if (reconcile->next < reconcile->plan.count) {
                reconcile->begun = 0;
                return true;
        }
        if (reconcile->request->boot && !reconcile->follows && !reconcile->blind) {
                reconcile_follow(reconcile);
                return true;
        }
        reconcile->finished(reconcile);
        return false;
}

void reconcile_work(struct reconcile *reconcile)
{
        ready_init(&reconcile->ready, &reconcile->registry->ready, reconcile_step);
        wave_begin(reconcile);
        ready_wake(&reconcile->ready);
}

/* Is the slot at that place of the plan still to be made, and not begun? */
static bool is_to_come(const struct reconcile *reconcile, size_t place)
{
        const struct reconcile_action *action = &reconcile->plan.actions[place];

        if (action->what == RECONCILE_REGISTERED && reconcile->request->boot && !reconcile->follows)
                return true; /* its round has not begun */
        return place >= reconcile->next &&
               (action->what == RECONCILE_REGISTERED || action->what == RECONCILE_STARTED ||
                action->what == RECONCILE_HELD);
}

void reconcile_skip(struct reconcile *reconcile, const char *profile)
{
        for (size_t i = 0; i < reconcile->plan.count; i++) {
                struct reconcile_action *action = &reconcile->plan.actions[i];

                if (strcmp(action->profile, profile) != 0 || !is_to_come(reconcile, i))
                        continue;
                action->what = RECONCILE_SKIPPED;
                snprintf(action->message, sizeof(action->message), RECONCILE_FORGOTTEN);
                if (reconcile->counted)
                        boot_made(reconcile->registry);
        }
}
