/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/slot/registration.h"
#include "daemon/service/multiplex.h"
#include "daemon/service/registry.h"
#include "daemon/keep/survey.h"
#include "proto/name.h"

/* A register that a client asked for. If the profile has no slot yet, the volume is asked first whether its
 * directory is one that a profile may have. A volume that does not answer is no reason to refuse. */
struct asked {
        struct ready ready;
        struct registry *registry;
        struct registration_waiter waiter;
        char profile[LIMIT_PROFILE_NAME_BYTES + 1];
        struct json_object *environment;
        bool start;
        struct fault refusal;
};

static void asked_drop(struct ready *ready)
{
        struct asked *asked = (struct asked *)ready;

        json_object_put(asked->environment);
        free(asked);
}

static bool asked_step(struct ready *ready)
{
        struct asked *asked = (struct asked *)ready;
        struct record record = {.want_up = asked->start, .unpersisted = true};

        if (asked->refusal.kind) {
                registration_refuse(asked->registry, &asked->waiter, asked->profile, asked->refusal);
        } else {
                multiplex_hold(asked->registry, asked->profile, &record);
                registration_any(asked->registry, &asked->waiter, asked->profile, asked->environment,
                                 &record);
        }
        asked_drop(ready);
        return false;
}

static void asked_surveyed(struct survey *survey)
{
        struct asked *asked = survey->owner;
        const struct profile_facts *facts = &survey->facts[survey->count - 1];
        bool known = !survey->late && !survey->result && !facts->hung;
        int link = known ? facts->link : 0;

        if (link == -EXDEV || link == -ELOOP)
                asked->refusal = (struct fault){
                        .kind = FAULT_PROTECTED, .cause = FAULT_CAUSE_LINK, .text = survey_link_text(link)};
        else if (known && facts->deleted)
                asked->refusal = (struct fault){
                        .kind = FAULT_PROTECTED, .cause = FAULT_CAUSE_DELETED, .text = SURVEY_DELETED};
        else if (!asked->registry->stopping)
                multiplex_take(asked->registry, survey->config);
        ready_wake(&asked->ready);
}

int operation_register(struct registry *registry, struct ticket ticket, const char *profile,
                       struct json_object *environment, bool start, bool root)
{
        struct asked *asked = calloc(1, sizeof(*asked));
        const char *names[] = {"default", profile};
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        struct survey *survey = NULL;
        bool asks = start && multiplex_asks_volume(registry); /* what is not to run is held by nobody */

        if (!asked)
                return -ENOMEM;
        ready_init(&asked->ready, &registry->ready, asked_step);
        asked->ready.root = root;
        asked->ready.drop = asked_drop;
        asked->registry = registry;
        asked->waiter = (struct registration_waiter){.ticket = ticket, .root = root};
        history_see_caller(registry, ticket, &asked->waiter.by);
        snprintf(asked->profile, sizeof(asked->profile), "%s", profile);
        asked->environment = json_object_get(environment);
        asked->start = start;
        name_service_of(profile, name, sizeof(name));
        if (strcmp(profile, "default") != 0 && !registry_find(registry, name))
                survey = asks ? survey_new(names, 2) : survey_new(names + 1, 1);
        if (!survey) {
                ready_wake(&asked->ready);
                return 0;
        }
        survey->root = root;
        survey->brief = true;
        survey->done = asked_surveyed;
        survey->owner = asked;
        survey_run(&registry->store, survey);
        return 0;
}
