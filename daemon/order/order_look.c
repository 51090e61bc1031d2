/* SPDX-License-Identifier: ISC */
#include "daemon/order/order_parts.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/keep/survey.h"
#include "daemon/order/boot.h"
#include "daemon/order/enroll.h"
#include "daemon/service/home.h"
#include "daemon/slot/publication.h"
#include "daemon/slot/registration.h"
#include "proto/name.h"

static void order_refused(void *owner, const char *profile, const struct fault *fault)
{
        struct order *order = owner;

        for (size_t i = 0; i < order->count; i++) {
                struct order_entry *entry = &order->entries[i];
                const char *its = name_profile_of(entry->name);

                if (!its || entry->fault.kind || (profile && strcmp(profile, its) != 0))
                        continue;
                if (!registry_find(order->registry, entry->name))
                        entry->fault = *fault;
        }
}

/* Is the broker making the service's slot just now, having seen a new profile? An order waits for that slot,
 * as it would have if it had come a moment before. It does not wait for the first slots of a boot, which may
 * take minutes. */
static bool is_about_to_come(const struct service *service)
{
        return service->registration && registration_is_own(service->registration) &&
               (boot_follows(service->registry) || !publication_is_held(service->registry));
}

static void looked(void *owner)
{
        struct order *order = owner;

        ready_wake(&order->ready);
}

bool order_find_missing(struct order *order)
{
        bool may_miss = (order->kind == ORDER_START || boot_follows(order->registry)) && !order->all;
        const char **profiles = may_miss ? reallocarray(NULL, order->count, sizeof(*profiles)) : NULL;
        struct enroll_events events = {order_refused, looked, order};
        bool asks = false;
        size_t count = 0;

        for (size_t i = 0; profiles && i < order->count; i++) {
                struct fault fault = {.kind = FAULT_NONE};
                const struct service *service =
                        order_resolve(order->registry, order->entries[i].name, &fault);

                if (service ? is_about_to_come(service) : fault.kind == FAULT_NOT_REGISTERED)
                        profiles[count++] = name_profile_of(order->entries[i].name);
        }
        asks = count && enroll(order->registry, profiles, count, order->root, events) == 0;
        free(profiles);
        return asks;
}

void order_take_survey(struct order *order, const struct survey *survey)
{
        struct registry *registry = order->registry;

        multiplex_take(registry, survey->config);
        for (size_t i = 0; !survey->late && !survey->result && i < survey->count; i++) {
                const struct profile_facts *facts = &survey->facts[i];
                char name[LIMIT_SERVICE_NAME_BYTES + 1];
                struct service *service;

                name_service_of(facts->name, name, sizeof(name));
                service = registry_find(registry, name);
                if (service && service->record.gone && home_trust(registry, survey))
                        home_judge_one(service, facts);
        }
}

/* Asks for what may keep a gateway from being started: does the default gateway serve its profile, and is a
 * profile's directory that was gone there again? */
struct survey *order_survey(const struct order *order)
{
        bool starts = order->kind == ORDER_START || order->kind == ORDER_RESTART;
        const char **profiles = starts ? reallocarray(NULL, order->count + 1, sizeof(*profiles)) : NULL;
        struct survey *survey = NULL;
        bool asks = false;
        size_t count = 0;

        for (size_t i = 0; profiles && i < order->count; i++) {
                const char *profile = name_profile_of(order->entries[i].name);
                const struct service *service =
                        profile ? registry_find(order->registry, order->entries[i].name) : NULL;

                asks = asks ||
                       (profile && strcmp(profile, "default") != 0 && multiplex_asks_volume(order->registry));
                if (service && service->record.gone)
                        profiles[++count] = profile;
        }
        if (asks || count) {
                profiles[0] = "default";
                survey = survey_new(profiles, count + 1);
        }
        free(profiles);
        return survey;
}
