#include "daemon/order/reconcile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/log/log.h"
#include "daemon/order/boot.h"
#include "daemon/order/boot_report.h"
#include "daemon/slot/operation.h"
#include "daemon/service/persist.h"
#include "daemon/order/plan.h"
#include "daemon/service/registry.h"
#include "daemon/slot/removal.h"
#include "daemon/keep/survey.h"
#include "proto/name.h"

/* A volume that did not answer at boot is asked again after this. */
#define RECONCILE_AGAIN_MSEC 5000

/* One that goes on; registry.reconcile. Each profile is a piece. */
struct reconcile {
        struct ready ready;
        struct registry *registry;
        struct reconcile_request *request;
        struct timer closing;
        struct plan plan;
        size_t next; /* of the plan, to be done */
        size_t open; /* registrations that have begun */
        bool all_begun;
        bool blind;      /* a boot whose volume did not answer: only `default`, and all is looked at again */
        bool incomplete;  /* some profiles' directories did not answer */
        bool has_dead;    /* what is left of the last container's is removed first */
        bool counted;     /* it is a boot, and boot.h is told of it */
        bool changed;     /* a gateway came or went */
};

static void reconcile_begin(struct registry *registry);

static void reconcile_free(void *owner)
{
        struct reconcile *reconcile = owner;

        plan_deinit(&reconcile->plan);
        free(reconcile->request);
        free(reconcile);
}

/* Whatever holds it may still be under way: it is freed on a later turn of the loop. */
static void reconcile_close(struct reconcile *reconcile)
{
        ready_remove(&reconcile->ready);
        timer_close(&reconcile->closing, reconcile_free);
}

static void reconcile_retry(void *owner)
{
        struct registry *registry = owner;
        struct reconcile_request *request = calloc(1, sizeof(*request));

        if (!request) {
                timer_start(&registry->reconcile_again, RECONCILE_AGAIN_MSEC);
                return;
        }
        request->boot = request->root = true;
        request->lost = registry->boot_state.missing && !registry->volume_unknown && !registry->boot_hung;
        reconcile_run(registry, request);
}

static void reconcile_end(struct reconcile *reconcile, int error)
{
        struct registry *registry = reconcile->registry;
        struct reconcile_request *request = reconcile->request;

        registry->reconcile = NULL;
        bool whole = !reconcile->incomplete && !registry->boot_state.missing;

        if (request->watch)
                profiles_looked(registry, reconcile->changed);
        else if (request->boot && !error)
                profiles_open(registry);
        if (request->boot && !error && registry->fresh_boot && whole)
                registry_note_boot(registry);
        registry->volume_unknown = request->boot ? error != 0 : registry->volume_unknown;
        if (request->boot && error)
                timer_start(&registry->reconcile_again, RECONCILE_AGAIN_MSEC);
        else if (request->boot)
                persist_soon(registry);
        if (request->boot && !error) {
                unsigned pause_msec = boot_pause_msec(registry);

                registry->boot_hung = reconcile->incomplete;
                if (!whole)
                        timer_start(&registry->reconcile_again,
                                    reconcile->incomplete ? RECONCILE_HUNG_AGAIN_MSEC : pause_msec);
        }
        if (request->done)
                request->done(request->owner, reconcile->plan.actions, reconcile->plan.count, error);
        reconcile_close(reconcile);
        if (registry->reconcile_queue && !registry->reconcile)
                reconcile_begin(registry);
}

static void boot_logged(void *owner)
{
        struct registry *registry = owner;

        if (!registry->reconcile || registry->stopping)
                return;
        registry->boot_logged = true;
        reconcile_end(registry->reconcile, 0);
}

/* All is registered. Tools wait for the line of `default`. */
static void reconcile_finish(struct reconcile *reconcile)
{
        struct registry *registry = reconcile->registry;

        if (reconcile->blind)
                reconcile_end(reconcile, ETIMEDOUT);
        else if (!reconcile->request->boot || !registry->fresh_boot)
                reconcile_end(reconcile, 0);
        else
                boot_report_write(&registry->store, &reconcile->plan, registry->boot_logged, boot_logged,
                                  registry);
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

static void reconcile_registered(struct own_registration *own, struct service *service,
                                 const struct fault *fault)
{
        struct planned *planned = (struct planned *)own;
        struct reconcile *reconcile = planned->owner;
        struct reconcile_action *action = &reconcile->plan.actions[planned->place];
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
        } else {
                service->unclean = reconcile->request->boot && reconcile->registry->fresh_boot &&
                                   action->prior_exit == PRIOR_EXIT_UNCLEAN;
                if (action->what == RECONCILE_STARTED)
                        stagger_start(service);
        }
        /* Before all have begun, reconcile_step() itself looks whether that was the last one. */
        if (!reconcile->open && reconcile->all_begun)
                ready_wake(&reconcile->ready);
}

static void reconcile_do(struct reconcile *reconcile, struct planned *planned)
{
        struct registry *registry = reconcile->registry;
        struct reconcile_action *action = &reconcile->plan.actions[planned->place];
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        struct service *service;

        switch (action->what) {
        case RECONCILE_STARTED:
        case RECONCILE_REGISTERED:
        case RECONCILE_HELD:
                reconcile->open++;
                planned->owner = reconcile;
                planned->own.ended = reconcile_registered;
                reconcile->changed = true;
                operation_register_own(registry, action->profile, &planned->record, planned->environment,
                                       &planned->own);
                break;
        case RECONCILE_REMOVED:
                name_service_of(action->profile, name, sizeof(name));
                service = registry_find(registry, name);
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

        if (reconcile->has_dead && registry_remove_dead(reconcile->registry))
                return true;
        reconcile->has_dead = false;
        while (reconcile->next < reconcile->plan.count) {
                struct planned *planned = &reconcile->plan.planned[reconcile->next++];

                if (reconcile->plan.actions[planned->place].what == RECONCILE_KEPT && !planned->adjust)
                        continue;
                reconcile_do(reconcile, planned);
                return true;
        }
        if (!reconcile->all_begun)
                publication_release(reconcile->registry);
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
        boot_sort_lost(&registry->boot_state.lost, &lost);
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
        if (error && !registry->volume_unknown && !request->watch)
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
        publication_hold(registry);
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

static void reconcile_begin(struct registry *registry)
{
        struct reconcile_request *request = registry->reconcile_queue;
        struct reconcile *reconcile = calloc(1, sizeof(*reconcile));
        struct survey *survey = reconcile ? survey_new(NULL, 0) : NULL;

        registry->reconcile_queue = request->next;
        if (!survey) {
                free(reconcile);
                if (request->watch)
                        profiles_looked(registry, false);
                if (request->boot)
                        timer_start(&registry->reconcile_again, RECONCILE_AGAIN_MSEC);
                if (request->done)
                        request->done(request->owner, NULL, 0, ENOMEM);
                free(request);
                return;
        }
        reconcile->registry = registry;
        reconcile->request = request;
        ready_init(&reconcile->ready, &registry->ready, reconcile_step);
        reconcile->ready.root = request->root;
        timer_init(&reconcile->closing, registry->loop, NULL, reconcile);
        registry->reconcile = reconcile;
        boot_look(registry, request->boot);
        survey->done = reconcile_surveyed;
        survey->owner = reconcile;
        survey->root = request->root;
        survey->clean = request->boot && registry->fresh_boot && !request->dry_run;
        survey->look_kept = !request->boot;
        keep_registered(registry, survey);
        survey_run(&registry->store, survey);
}

void reconcile_run(struct registry *registry, struct reconcile_request *request)
{
        struct reconcile_request **at = &registry->reconcile_queue;

        /* Root's do not wait for more than the one that goes on. */
        while (*at && (!request->root || (*at)->root))
                at = &(*at)->next;
        request->next = *at;
        *at = request;
        if (!registry->reconcile)
                reconcile_begin(registry);
}

void reconcile_init(struct registry *registry)
{
        timer_init(&registry->reconcile_again, registry->loop, reconcile_retry, registry);
        boot_init(registry);
}

void reconcile_drop(struct registry *registry)
{
        while (registry->reconcile_queue) {
                struct reconcile_request *request = registry->reconcile_queue;

                registry->reconcile_queue = request->next;
                if (request->done)
                        request->done(request->owner, NULL, 0, ECANCELED);
                free(request);
        }
        if (registry->reconcile && registry->reconcile->request->done)
                registry->reconcile->request->done(registry->reconcile->request->owner, NULL, 0, ECANCELED);
        if (registry->reconcile)
                reconcile_close(registry->reconcile);
        registry->reconcile = NULL;
        timer_close(&registry->reconcile_again, NULL);
        boot_deinit(registry);
}
