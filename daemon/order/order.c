#include "daemon/order/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/edge/s6_control.h"
#include "daemon/bounds.h"
#include "daemon/order/enroll.h"
#include "daemon/order/order_work.h"
#include "daemon/service/persist.h"
#include "daemon/service/registry.h"
#include "daemon/service/restart.h"
#include "daemon/keep/survey.h"
#include "proto/name.h"

struct service *order_resolve(const struct registry *registry, const char *name, struct fault *fault)
{
        bool gateway = !strncmp(name, GATEWAY_PREFIX, strlen(GATEWAY_PREFIX));
        enum name_result result =
                gateway ? name_check_profile(name + strlen(GATEWAY_PREFIX)) : name_check_service(name);
        struct service *service;

        if (result != NAME_OK) {
                *fault = (struct fault){.kind = FAULT_INVALID_NAME, .text = name_result_text(result)};
                return NULL;
        }
        service = registry_find(registry, name);
        if (!service)
                *fault = (struct fault){.kind = gateway ? FAULT_NOT_REGISTERED : FAULT_NO_SUCH_SERVICE};
        return service;
}

/* May this be ordered of that service now? */
static bool order_is_possible(struct service *service, enum order_kind kind, struct fault *fault)
{
        if (!service->profile &&
            (kind == ORDER_RESET || !registry_allows_static(service->registry, service->name)))
                *fault = (struct fault){
                        .kind = FAULT_PROTECTED,
                        .text = kind == ORDER_RESET
                                        ? "it is a static service, whose failures are s6's"
                                        : "it is a static service that the operator did not allow"};
        else if (service->profile && (kind == ORDER_START || kind == ORDER_RESTART) &&
                 service->record.gone)
                *fault = (struct fault){.kind = FAULT_HELD, .text = HOME_GONE_REASON};
        else if (service->profile && (kind == ORDER_START || kind == ORDER_RESTART) &&
                 multiplex_holds(service->registry, service->profile))
                *fault = (struct fault){.kind = FAULT_HELD, .text = MULTIPLEX_REASON};
        else if (service->operation != OPERATION_NONE)
                *fault = (struct fault){.kind = FAULT_BUSY,
                                        .text = service->operation == OPERATION_REGISTER ? "register"
                                                                                         : "unregister"};
        else if (kind != ORDER_RESET && !s6_control_alive(service_at(service), service->name))
                *fault = (struct fault){.kind = FAULT_UNSUPERVISED, .text = "no s6-supervise runs for it"};
        else
                return true;
        return false;
}

/* The record and the down file say what is wanted before anybody hears of it. */
static bool order_record(struct service *service, enum order_kind kind, struct fault *fault)
{
        struct record before = service->record;
        int result;

        if (!service->profile)
                return true;
        if (kind == ORDER_RESET) {
                restart_reset(service);
        } else {
                restart_forgive(service);
                service->record.blind = false;
                service->record.want_up = kind != ORDER_STOP;
                service->record.unpersisted = true;
                service->record.pending = kind == ORDER_RESTART ? PENDING_RESTART : PENDING_ORDER;
        }
        result = service_save(service);
        if (result == 0 && kind != ORDER_RESET)
                result = service_set_down(service, kind == ORDER_STOP);
        if (result == 0)
                return true;
        service->record = before;
        service_save(service);
        *fault = (struct fault){.kind = FAULT_SYSTEM, .text = "record the order", .error = -result};
        return false;
}

void order_set_goal(struct service *service, enum order_kind kind)
{
        pid_t replace = kind == ORDER_RESTART && service_is_alive(service) ? service->status.pid : 0;

        if (service->profile)
                service_clear_tallies(service, true, false);
        service->end.given_up = false;
        service_set_goal(service, kind == ORDER_STOP ? GOAL_DOWN : GOAL_UP, replace);
}

/* One that came later has been recorded already, while this one had its turns: it is the last, and wins. */
static bool order_is_overtaken(const struct order *order, const struct service *service)
{
        return service->profile && order->kind != ORDER_RESET && service->ordered.number > order->number &&
               service->record.want_up != (order->kind != ORDER_STOP);
}

/* A newer one has recorded the very same, and writes it: again, it would only take the place of that. */
static bool order_is_recorded(const struct order *order, const struct service *service)
{
        return service->profile && order->kind != ORDER_RESET && service->ordered.number > order->number;
}

void order_record_entry(struct order_entry *entry)
{
        const struct order *order = entry->order;
        struct service *service =
                entry->fault.kind ? NULL : order_resolve(order->registry, entry->name, &entry->fault);

        if (!service || !order_is_possible(service, order->kind, &entry->fault))
                return;
        entry->want_up = order->kind != ORDER_STOP;
        entry->persisted = true;
        if (order_is_overtaken(order, service)) {
                entry->fault = (struct fault){.kind = FAULT_SUPERSEDED};
                return;
        }
        entry->repeated = order_is_carried_out(service, order->kind, order->root);
        if (entry->repeated)
                return;
        if (order_is_recorded(order, service)) {
                entry->recorded = true;
                entry->persisted = false;
                entry->persist_problem = persist_problem(ECANCELED);
                return;
        }
        if (!order_record(service, order->kind, &entry->fault))
                return;
        if ((service->ordered.number < order->number && order->kind != ORDER_RESET) || !service->profile)
                service->ordered.number = order->number;
        service->ordered.kind = order->kind;
        service->ordered.root = order->root;
        service->ordered.msec = clock_msec();
        entry->recorded = true;
        service_show(service);
        if (order->kind == ORDER_RESET)
                return;
        entry->persisted = false;
        entry->persist_problem = service->profile
                                         ? strerrordesc_np(ENOMEM) /* until it is known better */
                                         : "it is a static service: s6 keeps what is wanted in memory";
        entry->written = service->profile != NULL;
}

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

/* A start of what has no slot: there may be such a profile. */
static void order_find_missing(struct order *order)
{
        bool may_miss = order->kind == ORDER_START && !order->all;
        const char **profiles = may_miss ? reallocarray(NULL, order->count, sizeof(*profiles)) : NULL;
        struct enroll_events events = {order_refused, order_begin, order};
        size_t count = 0;

        for (size_t i = 0; profiles && i < order->count; i++) {
                struct fault fault = {.kind = FAULT_NONE};

                if (!order_resolve(order->registry, order->entries[i].name, &fault) &&
                    fault.kind == FAULT_NOT_REGISTERED)
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

        if (registry->stopping)
                return;
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
                const struct service *service = profile ? registry_find(order->registry, order->entries[i].name) : NULL;

                asks = asks || (profile && strcmp(profile, "default") != 0 && multiplex_asks_volume(order->registry));
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
