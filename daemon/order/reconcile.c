#include "daemon/order/reconcile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/order/boot.h"
#include "daemon/order/boot_report.h"
#include "daemon/slot/adopt.h"
#include "daemon/slot/operation.h"
#include "daemon/slot/publication.h"
#include "daemon/service/persist.h"
#include "daemon/order/plan.h"
#include "daemon/service/registry.h"
#include "daemon/service/home.h"
#include "daemon/slot/removal.h"
#include "daemon/keep/survey.h"
#include "proto/name.h"

/* One that goes on; registry.reconcile. Each profile is a piece. */
struct reconcile {
        struct ready ready;
        struct registry *registry;
        struct reconcile_request *request;
        struct plan plan;
        size_t next; /* of the plan, to be done */
        size_t open; /* registrations that have begun */
        bool all_begun;
        bool blind;      /* a boot whose volume did not answer: only `default`, and all is looked at again */
        bool incomplete; /* some profiles' directories did not answer */
        bool has_dead;   /* what is left of the last container's is removed first */
        bool counted;    /* it is a boot, and boot.h is told of it */
};

static void reconcile_free(struct reconcile *reconcile)
{
        ready_remove(&reconcile->ready);
        plan_deinit(&reconcile->plan);
        free(reconcile->request);
        free(reconcile);
}

static void reconcile_retry(void *owner)
{
        struct registry *registry = owner;
        struct reconcile_request *request = calloc(1, sizeof(*request));

        if (!request) {
                timer_start(&registry->reconciles->again, RECONCILE_AGAIN_MSEC);
                return;
        }
        request->boot = request->root = true;
        request->lost = registry->boot_state->missing && registry->volume_told == VOLUME_TOLD_ALL;
        reconcile_run(registry, request);
}

static void reconcile_end(struct reconcile *reconcile, int error)
{
        struct registry *registry = reconcile->registry;
        struct reconcile_request *request = reconcile->request;

        registry->reconciles->running = NULL;
        bool whole = !reconcile->incomplete && !registry->boot_state->missing;

        if (request->boot && !error)
                registry->reconciles->booted(registry);
        if (request->boot && !error && registry->fresh_boot && whole)
                adopt_note_boot(registry);
        if (request->boot)
                registry->volume_told = error                   ? VOLUME_TOLD_NONE
                                        : reconcile->incomplete ? VOLUME_TOLD_SOME
                                                                : VOLUME_TOLD_ALL;
        if (request->boot && error)
                timer_start(&registry->reconciles->again, RECONCILE_AGAIN_MSEC);
        else if (request->boot)
                persist_soon(registry);
        if (request->boot && !error) {
                unsigned pause_msec = boot_pause_msec(registry);

                if (!whole)
                        timer_start(&registry->reconciles->again,
                                    reconcile->incomplete ? RECONCILE_HUNG_AGAIN_MSEC : pause_msec);
        }
        if (request->done)
                request->done(request->owner, reconcile->plan.actions, reconcile->plan.count, error);
        reconcile_free(reconcile);
        ready_wake(&registry->reconciles->ready);
}

static void boot_logged(void *owner)
{
        struct registry *registry = owner;

        if (!registry->reconciles->running || registry->stopping)
                return;
        registry->boot_logged = true;
        reconcile_end(registry->reconciles->running, 0);
}

/* All is registered. Tools wait for the line of `default`. */
static void reconcile_finish(struct reconcile *reconcile)
{
        struct registry *registry = reconcile->registry;

        if (reconcile->blind)
                reconcile_end(reconcile, ETIMEDOUT);
        else if (!reconcile->request->boot || !registry->fresh_boot)
                reconcile_end(reconcile, 0);
        else if (boot_report_write(&registry->store, &reconcile->plan, registry->boot_logged, boot_logged,
                                   registry))
                boot_logged(registry);
}

static const char *fault_text(const struct fault *fault, char *line, size_t size)
{
        if (fault->kind == FAULT_TOO_MANY_SERVICES)
                return "s6-svscan takes no more services";
        if (fault->kind == FAULT_LIMIT)
                return "the variables of all profiles together exceed their limit";
        if (!fault->error)
                return fault->text ? fault->text : "see the log";
        snprintf(line, size, "%s: %s", fault->text, strerror(fault->error));
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
        if (late && reconcile->counted) { /* it stays, and goes on as soon as s6-svscan comes to it */
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
        if (!reconcile->open && reconcile->all_begun)
                ready_wake(&reconcile->ready);
}

static void reconcile_do(struct reconcile *reconcile, struct planned *planned)
{
        struct registry *registry = reconcile->registry;
        struct reconcile_action *action = plan_action(&reconcile->plan, planned);
        struct service *service;
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
                service = service_of(registry, action->profile);
                if (service && service->operation == OPERATION_NONE && !service_is_alive(service))
                        removal_begin(service, DEFAULT_UNREGISTER_MSEC, true, false);
                break;
        case RECONCILE_KEPT:
                if (planned->adjust)
                        plan_adjust(registry, action->profile, planned);
                break;
        case RECONCILE_SKIPPED:
                break;
        }
}

static bool reconcile_step(struct ready *ready)
{
        struct reconcile *reconcile = (struct reconcile *)ready;

        if (reconcile->has_dead && adopt_remove_dead(reconcile->registry))
                return true;
        reconcile->has_dead = false;
        while (reconcile->next < reconcile->plan.count) {
                struct planned *planned = &reconcile->plan.planned[reconcile->next++];

                if (plan_action(&reconcile->plan, planned)->what == RECONCILE_KEPT && !planned->adjust)
                        continue;
                reconcile_do(reconcile, planned);
                return true;
        }
        if (!reconcile->all_begun)
                publication_release(reconcile->registry, reconcile->request->root);
        reconcile->all_begun = true;
        if (!reconcile->open)
                reconcile_finish(reconcile);
        return false;
}

/* What a boot is to make; of one that tries again, what is not about it is left as it is. */
static void reconcile_count(struct reconcile *reconcile)
{
        struct registry *registry = reconcile->registry;
        size_t profiles = 0, to_come = 0;
        struct boot_lost lost;

        if (!reconcile->request->boot)
                return;
        boot_sort_lost(&registry->boot_state->lost, &lost);
        for (size_t i = 0; i < reconcile->plan.count; i++) {
                struct reconcile_action *action = &reconcile->plan.actions[i];
                bool comes = action->what == RECONCILE_STARTED || action->what == RECONCILE_REGISTERED ||
                             action->what == RECONCILE_HELD;

                if (comes && reconcile->request->lost && !boot_is_lost(&lost, action->profile)) {
                        action->what = RECONCILE_SKIPPED;
                        continue;
                }
                profiles += comes || action->what == RECONCILE_KEPT;
                to_come += comes;
        }
        boot_free_lost(&lost);
        reconcile->counted = true;
        boot_begin(registry, profiles, to_come);
}

static void reconcile_surveyed(struct survey *survey)
{
        struct reconcile *reconcile = survey->owner;
        struct reconcile_request *request = reconcile->request;
        struct registry *registry = reconcile->registry;
        int error = survey->late ? ETIMEDOUT : -survey->result;

        if (registry->stopping)
                return;
        boot_look(registry, false);
        if (error && registry->volume_told != VOLUME_TOLD_NONE && !request->watch)
                log_event("reconcile: the volume cannot be looked at: why=%s", strerrorname_np(error));
        if (error && request->boot)
                reconcile->blind = true;
        else if (error) {
                reconcile_end(reconcile, error);
                return;
        }
        reconcile->incomplete = !error && survey->hung;
        registry->profiles_more = error ? registry->profiles_more : survey->more;
        if (!error && !request->dry_run) {
                home_note(registry, survey);
                home_judge(registry, survey);
        }
        if (plan_make(&reconcile->plan, registry, error ? NULL : survey, request)) {
                reconcile_end(reconcile, ENOMEM);
                return;
        }
        if (request->dry_run) {
                reconcile_end(reconcile, 0);
                return;
        }
        reconcile_count(reconcile);
        reconcile->has_dead = !error && request->boot;
        publication_hold(registry, request->root);
        ready_wake(&reconcile->ready);
}

/* The profiles that have slots: nothing of theirs is removed. They come sorted. */
static void keep_registered(const struct registry *registry, struct survey *survey)
{
        survey->kept = calloc(registry->count + 1, sizeof(*survey->kept));
        survey->kept_gone = calloc(registry->count + 1, sizeof(*survey->kept_gone));
        for (size_t i = 0; survey->kept && survey->kept_gone && i < registry->count; i++)
                if (registry->services[i]->profile) {
                        char *name = strdup(registry->services[i]->profile);

                        if (name)
                                survey->kept[survey->kept_count++] = name;
                }
}

static bool reconcile_begin(struct ready *ready)
{
        struct reconciles *reconciles = (struct reconciles *)ready;
        struct registry *registry = reconciles->registry;
        struct reconcile_request *request = reconciles->running ? NULL : reconciles->queue;
        struct reconcile *reconcile = request ? calloc(1, sizeof(*reconcile)) : NULL;
        struct survey *survey = reconcile ? survey_new(NULL, 0) : NULL;

        if (!request)
                return false;
        reconciles->queue = request->next;
        if (!survey) {
                free(reconcile);
                if (request->boot)
                        timer_start(&reconciles->again, RECONCILE_AGAIN_MSEC);
                if (request->done)
                        request->done(request->owner, NULL, 0, ENOMEM);
                free(request);
                return true;
        }
        reconcile->registry = registry;
        reconcile->request = request;
        ready_init(&reconcile->ready, &registry->ready, reconcile_step);
        reconcile->ready.root = request->root;
        reconciles->running = reconcile;
        boot_look(registry, request->boot);
        survey->done = reconcile_surveyed;
        survey->owner = reconcile;
        survey->root = request->root;
        survey->clean = request->boot && registry->fresh_boot && !request->dry_run;
        survey->look_kept = !request->boot;
        keep_registered(registry, survey);
        survey_run(&registry->store, survey);
        return false;
}

void reconcile_run(struct registry *registry, struct reconcile_request *request)
{
        struct reconcile_request **at = &registry->reconciles->queue;

        /* Root's do not wait for more than the one that goes on. */
        while (*at && (!request->root || (*at)->root))
                at = &(*at)->next;
        request->next = *at;
        *at = request;
        ready_wake(&registry->reconciles->ready);
}

void reconcile_init(struct reconciles *reconciles, struct registry *registry)
{
        *reconciles = (struct reconciles){.registry = registry};
        ready_init(&reconciles->ready, &registry->ready, reconcile_begin);
        reconciles->ready.root = true; /* it is no work, and whose is first is said by the queue */
        timer_init(&reconciles->again, registry->loop, reconcile_retry, registry);
        registry->reconciles = reconciles;
}

static void cancel(struct reconcile_request *request)
{
        if (request->done)
                request->done(request->owner, NULL, 0, ECANCELED);
}

void reconcile_drop(struct reconciles *reconciles)
{
        while (reconciles->queue) {
                struct reconcile_request *request = reconciles->queue;

                reconciles->queue = request->next;
                cancel(request);
                free(request);
        }
        if (reconciles->running) {
                cancel(reconciles->running->request);
                reconcile_free(reconciles->running);
        }
        reconciles->running = NULL;
        timer_close(&reconciles->again, NULL);
}
