#include "daemon/order/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/order/enroll.h"
#include "daemon/order/order_work.h"
#include "daemon/service/persist.h"
#include "daemon/service/registry.h"
#include "daemon/service/restart.h"
#include "daemon/keep/survey.h"
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

/* The broker makes its slot just now, having seen a new profile: a start waits for that, as it would where it came a
 * moment before. At a boot it does not: that may take minutes. */
static bool is_about_to_come(const struct service *service)
{
        return service->registration && registration_is_own(service->registration) &&
               !publication_is_held(service->registry);
}

/* A start of what has no slot: there may be such a profile. */
static void order_find_missing(struct order *order)
{
        bool may_miss = order->kind == ORDER_START && !order->all;
        const char **profiles = may_miss ? reallocarray(NULL, order->count, sizeof(*profiles)) : NULL;
        struct enroll_events events = {order_refused, order_begin, order};
        size_t count = 0;

        for (size_t i = 0; profiles && i < order->count; i++) {
                struct fault fault = {.kind = FAULT_NONE};
                const struct service *service =
                        order_resolve(order->registry, order->entries[i].name, &fault);

                if (service ? is_about_to_come(service) : fault.kind == FAULT_NOT_REGISTERED)
                        profiles[count++] = name_profile_of(order->entries[i].name);
        }
        if (!count || enroll(order->registry, profiles, count, order->root, events))
                order_begin(order);
        free(profiles);
}

static void order_looked(struct survey *survey)
{
        struct order *order = survey->owner;
        struct registry *registry = order->registry;

        if (registry->stopping) {
                ready_wake(&order->ready); /* to be dropped */
                return;
        }
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
        order_find_missing(order);
}

/* What may keep a gateway from being started is looked at first: does the default gateway serve its profile, is the profile's
 * directory there again? */
static bool order_look(struct order *order)
{
        const char **profiles = reallocarray(NULL, order->count + 1, sizeof(*profiles));
        bool asks = false;
        size_t count = 0;
        struct survey *survey;

        for (size_t i = 0; profiles && i < order->count; i++) {
                const char *profile = name_profile_of(order->entries[i].name);
                const struct service *service =
                        profile ? registry_find(order->registry, order->entries[i].name) : NULL;

                asks = asks ||
                       (profile && strcmp(profile, "default") != 0 && multiplex_asks_volume(order->registry));
                if (service && service->record.gone)
                        profiles[++count] = profile;
        }
        if (profiles)
                profiles[0] = "default";
        survey = profiles && (asks || count) ? survey_new(profiles, count + 1) : NULL;
        free(profiles);
        if (!survey)
                return false;
        survey->root = order->root;
        survey->done = order_looked;
        survey->owner = order;
        survey_run(&order->registry->store, survey);
        return true;
}

static struct order *order_new(const struct order_request *request)
{
        size_t bytes = sizeof(struct order) + request->count * sizeof(struct order_entry);
        struct order *order;
        char *name;

        for (size_t i = 0; i < request->count; i++)
                bytes += strlen(request->names[i]) + 1;
        order = calloc(1, bytes);
        if (!order)
                return NULL;
        name = (char *)&order->entries[request->count];
        for (size_t i = 0; i < request->count; i++) {
                order->entries[i].order = order;
                order->entries[i].name = name;
                name = stpcpy(name, request->names[i]) + 1;
        }
        return order;
}

int order_run(struct registry *registry, const struct order_request *request)
{
        struct order *order = order_new(request);

        if (!order)
                return -ENOMEM;
        order->registry = registry;
        order->ticket = request->ticket;
        order->kind = request->kind;
        order->root = request->root;
        order->all = request->all;
        order->wait = request->wait;
        order->timeout_msec = request->timeout_msec;
        order->began_msec = clock_msec();
        order->number = ++registry->order_number;
        order->open = order->count = request->count;
        /* An order of all is one, however many there are. */
        order->charged = order->root                           ? 0
                         : order->count < LIMIT_NAMES_PER_CALL ? order->count
                                                               : LIMIT_NAMES_PER_CALL;
        registry->names_under_way += order->charged;
        order->next = registry->orders;
        registry->orders = order;
        order_open(order);
        if ((order->kind != ORDER_START && order->kind != ORDER_RESTART) || !order_look(order))
                order_find_missing(order);
        return 0;
}

/* An order that only waits has no outcome left that anybody hears. What is not delivered yet is. */
static bool order_is_at_its_end(const struct order *order)
{
        switch (order->phase) {
        case ORDER_LOOKING:
        case ORDER_RECORDING:
        case ORDER_WRITING:
        case ORDER_TELLING:
        case ORDER_DELIVERING:
                return false;
        case ORDER_WAITING:
        case ORDER_CATCHING_UP:
        case ORDER_EXPIRING:
        case ORDER_OVER:
                break;
        }
        return true;
}

static bool is_of(const struct order *order, struct ticket ticket)
{
        return order->ticket.peer == ticket.peer && order->ticket.call == ticket.call;
}

bool order_abandon(struct registry *registry, struct ticket ticket)
{
        bool ended = false;

        for (struct order *order = registry->orders; order; order = order->next) {
                if (!is_of(order, ticket))
                        continue;
                order->reader = READER_GONE;
                ended = order_is_at_its_end(order);
                if (ended || order->phase == ORDER_TELLING) /* it may wait for its reader */
                        ready_wake(&order->ready);
        }
        return ended;
}

void order_go_on(struct registry *registry, struct ticket ticket)
{
        for (struct order *order = registry->orders; order; order = order->next)
                if (is_of(order, ticket) && (order->phase == ORDER_TELLING || order->phase == ORDER_WAITING))
                        ready_wake(&order->ready);
}
