/* SPDX-License-Identifier: ISC */
#include "daemon/order/enroll.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/slot/operation.h"
#include "daemon/keep/survey.h"
#include "daemon/service/registry.h"
#include "daemon/service/restart.h"

/* A slot takes long to make: each step makes one. */
struct enrolment {
        struct ready ready;
        struct profile_facts *facts;
        size_t count;
        size_t at;
        uint64_t forgotten; /* as in the survey that has the facts */
        struct registry *registry;
        struct enroll_events events;
        size_t open; /* registrations that have not ended, and one more until all have begun */
};

struct enrolled {
        struct own_registration own;
        struct enrolment *enrolment;
        char profile[LIMIT_PROFILE_NAME_BYTES + 1];
};

static void enrolment_close(struct enrolment *enrolment)
{
        if (--enrolment->open)
                return;
        enrolment->events.done(enrolment->events.owner);
        free(enrolment);
}

static void enroll_ended(struct own_registration *own, struct service *service, const struct fault *fault)
{
        struct enrolled *enrolled = (struct enrolled *)own;
        struct enrolment *enrolment = enrolled->enrolment;

        if (fault)
                enrolment->events.refused(enrolment->events.owner, enrolled->profile, fault);
        else if (service && service->record.pending && service->record.want_up)
                stagger_start(service);
        free(enrolled);
        enrolment_close(enrolment);
}

/* Does what was read of the volume's record say what is wanted, and not what is to go, or was to go since? */
static bool has_intent(const struct enrolment *enrolment, const struct profile_facts *facts)
{
        const struct registry *registry = enrolment->registry;

        return facts->intent_result == 0 && !owed_has(registry, facts->name) &&
               !forgotten_since(&registry->forgotten, facts->name, enrolment->forgotten);
}

/* What the volume's record wants is wanted, whatever becomes of the order that the slot is made for. */
static struct record enroll_record(const struct enrolment *enrolment, const struct profile_facts *facts)
{
        const struct registry *registry = enrolment->registry;
        struct record record = {.want_up = false};

        if (!has_intent(enrolment, facts) || !facts->intent.want_up)
                return record;
        record.want_up = true;
        multiplex_hold(registry, facts->name, &record);
        if (record.brake.hold == HOLD_NONE && facts->locked)
                restart_hold_elsewhere(registry, &record);
        if (record.brake.hold == HOLD_NONE)
                record.pending = PENDING_ORDER;
        return record;
}

static void enroll_one(struct enrolment *enrolment, const struct profile_facts *facts)
{
        const struct record record = enroll_record(enrolment, facts);
        struct enrolled *enrolled = calloc(1, sizeof(*enrolled));
        struct fault fault;

        if (!enrolled)
                return; /* the profile has no slot then, and that is what the order will say */
        enrolled->own.ended = enroll_ended;
        enrolled->enrolment = enrolment;
        snprintf(enrolled->profile, sizeof(enrolled->profile), "%s", facts->name);
        enrolment->open++;
        if (!operation_register_own(enrolment->registry, facts->name, &record,
                                    has_intent(enrolment, facts) ? facts->intent.environment : NULL,
                                    &enrolled->own, &fault))
                enroll_ended(&enrolled->own, NULL, fault.kind ? &fault : NULL);
}

static void enrolment_free_facts(struct enrolment *enrolment)
{
        for (size_t i = 0; i < enrolment->count; i++)
                intent_deinit(&enrolment->facts[i].intent);
        free(enrolment->facts);
}

static bool enroll_step(struct ready *ready)
{
        struct enrolment *enrolment = (struct enrolment *)ready;

        while (enrolment->at < enrolment->count && !enrolment->facts[enrolment->at].exists)
                enrolment->at++;
        if (enrolment->at < enrolment->count) {
                enroll_one(enrolment, &enrolment->facts[enrolment->at++]);
                return true;
        }
        enrolment_free_facts(enrolment);
        enrolment_close(enrolment);
        return false;
}

/* The broker ends. */
static void enroll_drop(struct ready *ready)
{
        struct enrolment *enrolment = (struct enrolment *)ready;

        enrolment_free_facts(enrolment);
        enrolment_close(enrolment);
}

static void enroll_surveyed(struct survey *survey)
{
        struct enrolment *enrolment = survey->owner;
        struct fault fault = {.kind = FAULT_SYSTEM,
                              .text = "look for the profile on the volume",
                              .error = survey->late ? ETIMEDOUT : -survey->result};

        if (fault.error) {
                enrolment->events.refused(enrolment->events.owner, NULL, &fault);
                enrolment_close(enrolment);
                return;
        }
        for (size_t i = 0; i < survey->count; i++)
                if (survey->facts[i].hung) {
                        fault.error = ETIMEDOUT;
                        enrolment->events.refused(enrolment->events.owner, survey->facts[i].name, &fault);
                } else if (survey->facts[i].link) {
                        enrolment->events.refused(
                                enrolment->events.owner, survey->facts[i].name,
                                &(struct fault){.kind = FAULT_PROTECTED,
                                                .cause = FAULT_CAUSE_LINK,
                                                .text = survey_link_text(survey->facts[i].link)});
                } else if (survey->facts[i].deleted) {
                        enrolment->events.refused(enrolment->events.owner, survey->facts[i].name,
                                                  &(struct fault){.kind = FAULT_PROTECTED,
                                                                  .cause = FAULT_CAUSE_DELETED,
                                                                  .text = SURVEY_DELETED});
                }
        enrolment->facts = survey->facts;
        enrolment->count = survey->count;
        enrolment->forgotten = survey->forgotten;
        survey->facts = NULL;
        survey->count = 0;
        ready_wake(&enrolment->ready);
}

int enroll(struct registry *registry, const char *const *profiles, size_t count, bool root,
           struct enroll_events events)
{
        struct enrolment *enrolment = calloc(1, sizeof(*enrolment));
        struct survey *survey = enrolment ? survey_new(profiles, count) : NULL;

        if (!survey) {
                free(enrolment);
                return -ENOMEM;
        }
        *enrolment = (struct enrolment){
                .registry = registry,
                .events = events,
                .open = 1,
        };
        ready_init(&enrolment->ready, &registry->ready, enroll_step);
        enrolment->ready.root = root;
        enrolment->ready.drop = enroll_drop;
        survey->root = root;
        survey->forgotten = registry->forgotten.count;
        survey->done = enroll_surveyed;
        survey->owner = enrolment;
        survey_run(&registry->store, survey);
        return 0;
}
