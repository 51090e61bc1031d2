/* SPDX-License-Identifier: ISC */
#include "daemon/service/ask.h"

#include <string.h>

#include "daemon/keep/survey.h"
#include "daemon/log/log.h"
#include "daemon/service/home.h"
#include "daemon/service/persist.h"
#include "daemon/service/registry.h"
#include "proto/name.h"

/* Asks for a survey of the volume and of the gateway's profile there; not in root's lane, since the client
 * user decides how often that happens, and how long it takes. False: out of memory. */
static bool run_survey(struct service *service, void (*done)(struct survey *survey))
{
        const char *names[] = {"default", service->profile};
        struct survey *survey = survey_new(names, strcmp(service->profile, "default") != 0 ? 2 : 1);

        if (!survey)
                return false;
        survey->done = done;
        survey->owner = service->registry;
        survey_run(&service->registry->store, survey);
        return true;
}

/* The facts of the profile that was asked for, which is the survey's last. */
static const struct profile_facts *facts_of(const struct survey *survey)
{
        return &survey->facts[survey->count - 1];
}

/* The service that was asked about. NULL: it is gone, or the broker ends. */
static struct service *service_of(const struct survey *survey)
{
        const struct registry *registry = survey->owner;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        name_service_of(facts_of(survey)->name, name, sizeof(name));
        return registry->stopping ? NULL : registry_find(registry, name);
}

static bool is_answered(const struct survey *survey)
{
        return !survey->late && !survey->result && !facts_of(survey)->hung;
}

static void answer_lock(struct survey *survey)
{
        struct service *service = service_of(survey);
        bool is_free = is_answered(survey) && !facts_of(survey)->locked;

        if (!service || service->asks != ASK_LOCK)
                return;
        service->asks = is_free ? ASK_LOCK_IS_FREE : ASK_NOTHING;
        if (is_free)
                log_event("service: its lock is free: service=%s", service->name);
        else
                brake_look_later(service->own.brake, &service->registry->backoff, clock_utc_usec());
        service_wake(service);
}

void ask_lock(struct service *service)
{
        struct survey *survey;

        brake_look_later(service->own.brake, &service->registry->backoff, clock_utc_usec());
        survey = service->asks == ASK_LOCK ? NULL : survey_new(&service->profile, 1);
        if (!survey)
                return;
        service->asks = ASK_LOCK;
        survey->done = answer_lock;
        survey->owner = service->registry;
        survey_run(&service->registry->store, survey);
}

static void answer_habit(struct survey *survey)
{
        struct service *service = service_of(survey);

        if (!service || service->asks != ASK_HABIT)
                return;
        service->asks = ASK_NOTHING;
        if (!is_answered(survey) || !service_is_alive(service))
                return;
        service->habit = facts_of(survey)->prior.stopped ? HABIT_DOWN : HABIT_UP;
        if (home_trust(survey->owner, survey))
                home_judge_one(service, facts_of(survey));
}

void ask_habit(struct service *service)
{
        if (service->habit != HABIT_UNKNOWN || service->asks == ASK_HABIT)
                return;
        service->asks = ASK_HABIT;
        if (!run_survey(service, answer_habit))
                service->asks = ASK_NOTHING;
}

/* Takes the application's own word: the gateway was to be up when its run had settled, and is to be down
 * now. */
static void accept_stop(struct service *service)
{
        struct record *record = &service->record;

        record->want_up = false;
        brake_let_go(&record->brake);
        record->brake.attempt = 0;
        record->reason[0] = '\0';
        record->own_stop = record->unpersisted = true;
        log_event("service: stopped by its own means: service=%s", service->name);
        service_save(service);
        persist_outdate(service);
        persist_soon(service->registry);
}

/* Has the gateway ended with success, which nobody ordered, and does it wait for its next start? */
static bool may_have_stopped(const struct service *service)
{
        const struct record *record = &service->record;
        struct ending ending = ending_of_record(record);

        return record->brake.hold == HOLD_BACKOFF && record->brake.next_start_usec && record->want_up &&
               service->own.goal.kind == GOAL_NONE && service->operation == OPERATION_NONE &&
               ending_is_success(&ending);
}

static void answer_why(struct survey *survey)
{
        const struct profile_facts *facts = facts_of(survey);
        struct registry *registry = survey->owner;
        struct service *service;

        if (registry->stopping || survey->late || survey->result)
                return;
        multiplex_take(registry, survey->config);
        service = facts->hung ? NULL : service_of(survey);
        if (!service)
                return;
        if (home_trust(registry, survey))
                home_judge_one(service, facts);
        if (may_have_stopped(service) && service->habit == HABIT_UP && facts->exists && facts->prior.stopped)
                accept_stop(service);
        service_wake(service);
}

void ask_why(struct service *service)
{
        run_survey(service, answer_why);
}
