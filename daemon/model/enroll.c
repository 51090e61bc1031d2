#include "daemon/model/enroll.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/model/operation.h"
#include "daemon/model/survey.h"

struct enrolment {
        struct registry *registry;
        struct enroll_events events;
        size_t open; /* registrations, and one until all have begun */
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
        free(enrolled);
        enrolment_close(enrolment);
}

static void enroll_one(struct enrolment *enrolment, const struct profile_facts *facts)
{
        const struct record record = {.want_up = false};
        struct enrolled *enrolled = calloc(1, sizeof(*enrolled));

        if (!enrolled)
                return; /* it has no slot, and that is what will be said */
        enrolled->own.ended = enroll_ended;
        enrolled->enrolment = enrolment;
        snprintf(enrolled->profile, sizeof(enrolled->profile), "%s", facts->name);
        enrolment->open++;
        operation_register_own(enrolment->registry, facts->name, &record, facts->intent.environment,
                               &enrolled->own);
}

static void enroll_surveyed(struct survey *survey)
{
        struct enrolment *enrolment = survey->owner;
        struct fault fault = {.kind = FAULT_SYSTEM,
                              .text = "look for the profile on the volume",
                              .error = survey->late ? ETIMEDOUT : -survey->result};

        if (fault.error)
                enrolment->events.refused(enrolment->events.owner, NULL, &fault);
        for (size_t i = 0; !fault.error && i < survey->count; i++) {
                const struct profile_facts *facts = &survey->facts[i];
                struct fault hung = {.kind = FAULT_SYSTEM,
                                     .text = "look for the profile on the volume",
                                     .error = ETIMEDOUT};

                if (facts->hung)
                        enrolment->events.refused(enrolment->events.owner, facts->name, &hung);
                else if (facts->exists)
                        enroll_one(enrolment, facts);
        }
        enrolment_close(enrolment);
}

int enroll(struct registry *registry, const char *const *profiles, size_t count, struct enroll_events events)
{
        struct enrolment *enrolment = calloc(1, sizeof(*enrolment));
        struct survey *survey = enrolment ? survey_new(profiles, count) : NULL;

        if (!survey) {
                free(enrolment);
                return -ENOMEM;
        }
        *enrolment = (struct enrolment){.registry = registry, .events = events, .open = 1};
        survey->done = enroll_surveyed;
        survey->owner = enrolment;
        survey_run(&registry->store, survey);
        return 0;
}
