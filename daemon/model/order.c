#include "daemon/model/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/edge/s6_control.h"
#include "daemon/model/enroll.h"
#include "daemon/model/persist.h"
#include "daemon/model/restart.h"
#include "proto/name.h"

struct order_entry {
        struct wait wait;
        struct order *order;
        const char *name;
        struct service *service; /* accepted, and not settled; NULL else */
        struct fault fault;      /* why not accepted */
        bool want_up;
        bool written; /* its record is in the batch */
        bool persisted;
        const char *persist_problem;
};

struct order {
        struct order *next;
        struct registry *registry;
        struct ticket ticket;
        enum order_kind kind;
        bool wait;
        bool waiting;   /* for the goals: it may be closed at any time */
        bool abandoned; /* nobody hears what becomes of it */
        int64_t timeout_msec;
        int64_t began_msec;
        struct timer timer;
        size_t open; /* entries not told of */
        size_t count;
        struct order_entry entries[]; /* and behind them the names */
};

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
                 restart_is_multiplexed(service->registry, service->profile))
                *fault = (struct fault){.kind = FAULT_HELD, .text = RESTART_MULTIPLEXED};
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

/* Deaths that are ordered do not count against the service: s6's tally begins anew. */
static void order_set_goal(struct service *service, enum order_kind kind)
{
        pid_t replace = kind == ORDER_RESTART && service_is_alive(service) ? service->status.pid : 0;

        if (service->profile)
                service_clear_tallies(service, true, false);
        service_set_goal(service, kind == ORDER_STOP ? GOAL_DOWN : GOAL_UP, replace);
}

static void order_close(struct order *order)
{
        for (struct order **at = &order->registry->orders; *at; at = &(*at)->next)
                if (*at == order) {
                        *at = order->next;
                        break;
                }
        for (size_t i = 0; order->waiting && i < order->count; i++)
                if (order->entries[i].service)
                        service_remove_wait(order->entries[i].service, &order->entries[i].wait);
        timer_close(&order->timer, free);
}

/* True: it was the last one, and the order is closed. */
static bool order_tell(struct order *order, struct order_entry *entry, struct service *service,
                       const struct fault *fault)
{
        struct registry *registry = order->registry;
        struct outcome outcome = {
                .name = entry->name,
                .service = service,
                .fault = fault,
                .persisted = entry->persisted,
                .persist_problem = entry->persist_problem,
                .last = --order->open == 0,
        };

        registry->events.outcome(registry->events.owner, order->ticket, &outcome);
        return outcome.last;
}

static void order_settled(struct wait *wait, struct service *service, const struct fault *fault)
{
        struct order_entry *entry = (struct order_entry *)wait;

        entry->service = NULL;
        if (order_tell(entry->order, entry, service, fault))
                order_close(entry->order);
}

static void order_expired(void *owner)
{
        struct order *order = owner;
        struct fault fault = {.kind = FAULT_WAIT_TIMEOUT, .number = clock_msec() - order->began_msec};

        /* What came true by now did: the timer may have come before all events of a long turn. Any may be the
         * last. */
        registry_catch_up(order->registry);
        for (size_t i = 0; order->timer.open && i < order->count; i++)
                if (order->entries[i].service)
                        service_catch_up(order->entries[i].service);
        if (!order->timer.open)
                return;
        for (size_t i = 0, count = order->count; i < count; i++) {
                struct order_entry *entry = &order->entries[i];
                bool last = order->open == 1;

                if (!entry->service)
                        continue;
                service_remove_wait(entry->service, &entry->wait);
                order_settled(&entry->wait, entry->service, &fault);
                if (last)
                        return;
        }
}

/* A step may settle waits, its own or (superseding) those of others, but frees no service. */
static void order_await(struct order *order)
{
        order->waiting = true;
        timer_start(&order->timer, (uint64_t)order->timeout_msec);
        for (size_t i = 0; i < order->count; i++) {
                struct order_entry *entry = &order->entries[i];

                if (!entry->service)
                        continue;
                order_set_goal(entry->service, order->kind);
                entry->wait.settled = order_settled;
                service_add_wait(entry->service, &entry->wait);
        }
        /* The last one may close the order, which is freed on a later turn of the loop. */
        for (size_t i = 0; i < order->count; i++)
                if (order->entries[i].service)
                        service_step(order->entries[i].service);
}

/* All outcomes first, then the orders. */
static void order_deliver(struct order *order)
{
        for (size_t i = 0; i < order->count; i++) {
                struct order_entry *entry = &order->entries[i];

                order_tell(order, entry, entry->service, entry->fault.kind ? &entry->fault : NULL);
        }
        for (size_t i = 0; order->kind != ORDER_RESET && i < order->count; i++) {
                struct service *service = order->entries[i].service;

                if (!service || order->entries[i].fault.kind)
                        continue;
                order_set_goal(service, order->kind);
                service_step(service);
        }
        order_close(order);
}

/* What is to be recorded is: now it is told and ordered. */
static void order_settle(struct order *order)
{
        bool last = false;

        if (order->registry->stopping) {
                order_close(order);
                return;
        }
        if (!order->wait || order->abandoned || order->kind == ORDER_RESET) {
                order_deliver(order);
                return;
        }
        for (size_t i = 0; i < order->count; i++) {
                struct order_entry *entry = &order->entries[i];

                if (!entry->fault.kind)
                        continue;
                last = order_tell(order, entry, entry->service, &entry->fault);
                entry->service = NULL;
        }
        if (last)
                order_close(order);
        else
                order_await(order);
}

/* The service may have gone meanwhile, static ones too: until it is found again, entry->service may lead
 * nowhere. Or somebody wants the opposite of it: that one's order is the last, and wins. */
static void order_look_again(struct order_entry *entry, const struct store_batch *batch, size_t place)
{
        struct service *service = order_resolve(entry->order->registry, entry->name, &entry->fault);

        entry->service = service;
        if (!service || !entry->written)
                return;
        if (service->operation != OPERATION_NONE)
                entry->fault = (struct fault){.kind = FAULT_BUSY, .text = "unregister"};
        else if (!persist_is_newest(batch, place, service) && service->record.want_up != entry->want_up)
                entry->fault = (struct fault){.kind = FAULT_SUPERSEDED};
}

static void order_persisted(void *owner, const struct store_batch *batch)
{
        struct order *order = owner;

        for (size_t i = 0, place = 0; i < order->count; i++) {
                struct order_entry *entry = &order->entries[i];

                if (!entry->service)
                        continue;
                if (entry->written) {
                        entry->persisted = store_batch_result(batch, place) == 0;
                        entry->persist_problem = persist_problem(-store_batch_result(batch, place));
                }
                order_look_again(entry, batch, place);
                place += entry->written;
        }
        order_settle(order);
}

/* The slot's record first, then the volume's. */
static void order_record_all(void *owner)
{
        struct order *order = owner;
        struct registry *registry = order->registry;
        struct service **services = reallocarray(NULL, order->count, sizeof(*services));
        size_t count = 0;

        for (size_t i = 0; !registry->stopping && i < order->count; i++) {
                struct order_entry *entry = &order->entries[i];
                struct service *service =
                        entry->fault.kind ? NULL : order_resolve(registry, entry->name, &entry->fault);

                if (!service || !order_is_possible(service, order->kind, &entry->fault) ||
                    !order_record(service, order->kind, &entry->fault))
                        continue;
                entry->service = service;
                entry->want_up = order->kind != ORDER_STOP;
                entry->persisted = order->kind == ORDER_RESET;
                service_show(service);
                if (order->kind == ORDER_RESET)
                        continue;
                entry->persist_problem =
                        service->profile ? strerrordesc_np(ENOMEM) /* until it is known better */
                                         : "it is a static service: s6 keeps what is wanted in memory";
                entry->written = services && service->profile;
                if (entry->written)
                        services[count++] = service;
        }
        if (!count ||
            persist_services(registry, services, count, order->kind == ORDER_STOP, order_persisted, order))
                order_settle(order);
        free(services);
}

static void order_refused(void *owner, const char *profile, const struct fault *fault)
{
        struct order *order = owner;

        for (size_t i = 0; i < order->count; i++) {
                struct order_entry *entry = &order->entries[i];
                const char *its = name_profile_of(entry->name);

                if (!its || registry_find(order->registry, entry->name) || entry->fault.kind)
                        continue;
                if (!profile || !strcmp(profile, its))
                        entry->fault = *fault;
        }
}

/* A start of what has no slot: there may be such a profile. */
static void order_find_missing(struct order *order)
{
        const char **profiles = reallocarray(NULL, order->count, sizeof(*profiles));
        struct enroll_events events = {order_refused, order_record_all, order};
        size_t count = 0;

        for (size_t i = 0; profiles && order->kind == ORDER_START && i < order->count; i++) {
                struct fault fault = {.kind = FAULT_NONE};

                if (!order_resolve(order->registry, order->entries[i].name, &fault) &&
                    fault.kind == FAULT_NOT_REGISTERED)
                        profiles[count++] = name_profile_of(order->entries[i].name);
        }
        if (!count || enroll(order->registry, profiles, count, events))
                order_record_all(order);
        free(profiles);
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
        order->wait = request->wait;
        order->timeout_msec = request->timeout_msec;
        order->began_msec = clock_msec();
        order->open = order->count = request->count;
        order->next = registry->orders;
        registry->orders = order;
        timer_init(&order->timer, registry->loop, order_expired, order);
        order_find_missing(order);
        return 0;
}

bool order_abandon(struct registry *registry, struct ticket ticket)
{
        struct order *next;
        bool closed = false;

        for (struct order *order = registry->orders; order; order = next) {
                next = order->next;
                if (order->ticket.peer != ticket.peer || order->ticket.call != ticket.call)
                        continue;
                order->abandoned = true;
                closed = order->waiting;
                if (closed)
                        order_close(order);
        }
        return closed;
}
