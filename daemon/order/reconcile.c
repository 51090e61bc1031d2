/* SPDX-License-Identifier: ISC */
#include "daemon/order/reconcile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/order/boot.h"
#include "daemon/order/boot_report.h"
#include "daemon/order/reconcile_work.h"
#include "daemon/slot/adopt.h"
#include "daemon/service/persist.h"
#include "daemon/service/registry.h"
#include "daemon/service/home.h"
#include "daemon/keep/survey.h"
#include "proto/name.h"
#include "proto/sysname.h"

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

        boot_follow(registry, false);
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
        else if (persist_waiting(registry)) /* nobody has tried to write what was not known until now */
                persist_later(registry);
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

/* All is registered. A boot writes its log before it ends: tools wait for the line of `default`. */
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

/* Counts what a boot is to make. A boot that tries again makes only what was lost, and skips the rest. */
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
                log_event("reconcile: the volume cannot be looked at: why=%s", sysname_error(error));
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
        /* What the volume told is known from now on; profiles/ is watched when the boot is through. */
        if (request->boot && !error && registry->volume_told == VOLUME_TOLD_NONE)
                registry->volume_told = VOLUME_TOLD_SOME;
        reconcile->finished = reconcile_finish;
        reconcile_work(reconcile);
}

/* Tells the survey which profiles have slots: nothing of theirs is removed. The registry has them sorted. */
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
        reconciles->running = reconcile;
        boot_look(registry, request->boot);
        survey->done = reconcile_surveyed;
        survey->owner = reconcile;
        survey->root = request->root;
        survey->forgotten = registry->forgotten.count;
        survey->clean = request->boot && registry->fresh_boot && !request->dry_run;
        survey->look_kept = !request->boot;
        keep_registered(registry, survey);
        survey_run(&registry->store, survey);
        return false;
}

void reconcile_run(struct registry *registry, struct reconcile_request *request)
{
        struct reconcile_request **at = &registry->reconciles->queue;

        /* Root's requests stand before all others' and wait only for the reconcile that goes on. */
        while (*at && (!request->root || (*at)->root))
                at = &(*at)->next;
        request->next = *at;
        *at = request;
        ready_wake(&registry->reconciles->ready);
}

void reconcile_forget(struct reconciles *reconciles, const char *profile)
{
        boot_forget(reconciles->registry, profile);
        if (reconciles->running)
                reconcile_skip(reconciles->running, profile);
}

void reconcile_init(struct reconciles *reconciles, struct registry *registry)
{
        *reconciles = (struct reconciles){.registry = registry};
        ready_init(&reconciles->ready, &registry->ready, reconcile_begin);
        reconciles->ready.root = true; /* its step is no work, and the queue says whose request is first */
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
