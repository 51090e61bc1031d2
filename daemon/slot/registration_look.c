#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/slot/registration.h"
#include "daemon/service/registry.h"
#include "daemon/keep/survey.h"
#include "proto/name.h"

/* A register of what has no slot yet: whether its directory is one that a profile may have is looked up first. What the
 * volume does not say is no reason not to go on. */
struct asked {
        struct registry *registry;
        struct registration_waiter waiter;
        char profile[LIMIT_PROFILE_NAME_BYTES + 1];
        struct json_object *environment;
        bool start;
};

static void register_now(struct registry *registry, struct registration_waiter *waiter, const char *profile,
                         struct json_object *environment, bool start)
{
        struct record record = {.want_up = start, .unpersisted = true};

        multiplex_hold(registry, profile, &record);
        registration_any(registry, waiter, profile, environment, &record);
}

static void asked_surveyed(struct survey *survey)
{
        struct asked *asked = survey->owner;
        const struct profile_facts *facts = &survey->facts[survey->count - 1];
        bool known = !survey->late && !survey->result && !facts->hung;
        int link = known ? facts->link : 0;

        if (asked->registry->stopping) {
                /* Nobody is told any more. */
        } else if (link == -EXDEV || link == -ELOOP) {
                registration_refuse(asked->registry, &asked->waiter, asked->profile,
                                    (struct fault){.kind = FAULT_PROTECTED,
                                                   .cause = FAULT_CAUSE_LINK,
                                                   .text = survey_link_text(link)});
        } else if (known && facts->deleted) {
                registration_refuse(asked->registry, &asked->waiter, asked->profile,
                                    (struct fault){.kind = FAULT_PROTECTED,
                                                   .cause = FAULT_CAUSE_DELETED,
                                                   .text = SURVEY_DELETED});
        } else {
                multiplex_take(asked->registry, survey->config);
                register_now(asked->registry, &asked->waiter, asked->profile, asked->environment, asked->start);
        }
        json_object_put(asked->environment);
        free(asked);
}

void operation_register(struct registry *registry, struct ticket ticket, const char *profile,
                        struct json_object *environment, bool start, bool root)
{
        struct registration_waiter waiter = {.ticket = ticket, .root = root};
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        bool look;

        name_service_of(profile, name, sizeof(name));
        look = strcmp(profile, "default") != 0 && !registry_find(registry, name);
        struct asked *asked = look ? calloc(1, sizeof(*asked)) : NULL;
        const char *names[] = {"default", profile};
        struct survey *survey = asked ? survey_new(names, 2) : NULL;
        if (!survey) {
                free(asked);
                register_now(registry, &waiter, profile, environment, start);
                return;
        }
        *asked = (struct asked){
                .registry = registry, .waiter = waiter, .environment = json_object_get(environment), .start = start};
        snprintf(asked->profile, sizeof(asked->profile), "%s", profile);
        survey->root = root;
        survey->done = asked_surveyed;
        survey->owner = asked;
        survey_run(&registry->store, survey);
}
