#include "daemon/model/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/edge/s6_control.h"
#include "daemon/model/restart.h"
#include "proto/name.h"

struct order_wait {
        struct wait wait;
        struct order *order;
        struct service *service; /* NULL: settled */
};

struct order {
        struct order *next;
        struct registry *registry;
        struct ticket ticket;
        struct timer timer;
        int64_t began_msec;
        size_t open; /* waits not settled */
        size_t count;
        struct order_wait waits[];
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
                service->record.want_up = kind != ORDER_STOP;
                service->record.pending = kind == ORDER_RESTART ? PENDING_RESTART : PENDING_ORDER;
        }
        result = service_save(service);
        if (result == 0 && kind != ORDER_RESET)
                result = slot_set_down(&service->registry->slots, service->name, kind == ORDER_STOP);
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
                s6_tally_clear(service_at(service), service->name);
        service_set_goal(service, kind == ORDER_STOP ? GOAL_DOWN : GOAL_UP, replace);
}

static void order_tell(struct registry *registry, struct ticket ticket, const char *name,
                       struct service *service, const struct fault *fault, bool last)
{
        registry->events.outcome(registry->events.owner, ticket, name, service, fault, last);
}

static void order_free(void *owner)
{
        free(owner);
}

static void order_close(struct order *order)
{
        for (struct order **at = &order->registry->orders; *at; at = &(*at)->next)
                if (*at == order) {
                        *at = order->next;
                        break;
                }
        for (size_t i = 0; i < order->count; i++) {
                if (order->waits[i].service)
                        service_remove_wait(order->waits[i].service, &order->waits[i].wait);
                order->waits[i].service = NULL;
        }
        timer_close(&order->timer, order_free);
}

static void order_settled(struct wait *wait, struct service *service, const struct fault *fault)
{
        struct order_wait *order_wait = (struct order_wait *)wait;
        struct order *order = order_wait->order;
        bool last = --order->open == 0;

        order_wait->service = NULL;
        order_tell(order->registry, order->ticket, service->name, service, fault, last);
        if (last)
                order_close(order);
}

static void order_expired(void *owner)
{
        struct order *order = owner;
        struct fault fault = {.kind = FAULT_WAIT_TIMEOUT, .number = clock_msec() - order->began_msec};

        for (size_t i = 0, count = order->count; i < count; i++) {
                struct order_wait *wait = &order->waits[i];
                bool last = order->open == 1;

                if (!wait->service)
                        continue;
                service_remove_wait(wait->service, &wait->wait);
                order_settled(&wait->wait, wait->service, &fault);
                if (last)
                        return;
        }
}

/* Tells every fault now; `accepted` gets the services whose order was recorded. */
static size_t order_accept(struct registry *registry, const struct order_request *request, bool tell_accepted,
                           struct service **accepted)
{
        size_t count = 0;

        for (size_t i = 0; i < request->count; i++) {
                struct fault fault = {.kind = FAULT_NONE};
                struct service *service = order_resolve(registry, request->names[i], &fault);
                bool ok = service && order_is_possible(service, request->kind, &fault) &&
                          order_record(service, request->kind, &fault);
                bool last = i + 1 == request->count && (tell_accepted || count + ok == 0);

                if (ok)
                        accepted[count++] = service;
                if (ok)
                        service_show(service);
                if (!ok || tell_accepted)
                        order_tell(registry, request->ticket, request->names[i], service, ok ? NULL : &fault,
                                   last);
        }
        return count;
}

static void order_await(struct registry *registry, const struct order_request *request, struct order *order,
                        struct service **accepted, size_t count)
{
        order->registry = registry;
        order->ticket = request->ticket;
        order->began_msec = clock_msec();
        order->open = order->count = count;
        order->next = registry->orders;
        registry->orders = order;
        timer_init(&order->timer, registry->loop, order_expired, order);
        timer_start(&order->timer, (uint64_t)request->timeout_msec);
        /* A step may settle waits, its own or (superseding) those of others, but frees no service. */
        for (size_t i = 0; i < count; i++) {
                order_set_goal(accepted[i], request->kind);
                order->waits[i] = (struct order_wait){{NULL, order_settled}, order, accepted[i]};
                service_add_wait(accepted[i], &order->waits[i].wait);
        }
        for (size_t i = 0; i < count; i++)
                service_step(accepted[i]);
}

int order_run(struct registry *registry, const struct order_request *request)
{
        bool wait = request->wait && request->kind != ORDER_RESET;
        struct service **accepted = reallocarray(NULL, request->count, sizeof(*accepted));
        struct order *order = NULL;
        size_t count;

        if (wait && accepted)
                order = calloc(1, sizeof(*order) + request->count * sizeof(order->waits[0]));
        if (!accepted || (wait && !order)) {
                free(accepted);
                return -ENOMEM;
        }
        count = order_accept(registry, request, !wait, accepted);
        if (wait && count)
                order_await(registry, request, order, accepted, count);
        else
                free(order);
        for (size_t i = 0; !wait && request->kind != ORDER_RESET && i < count; i++) {
                order_set_goal(accepted[i], request->kind);
                service_step(accepted[i]);
        }
        free(accepted);
        return 0;
}

void order_abandon(struct registry *registry, struct ticket ticket)
{
        struct order *next;

        for (struct order *order = registry->orders; order; order = next) {
                next = order->next;
                if (order->ticket.peer == ticket.peer && order->ticket.call == ticket.call)
                        order_close(order);
        }
}
