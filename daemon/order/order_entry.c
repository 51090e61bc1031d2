/* SPDX-License-Identifier: ISC */
#include "daemon/order/order_parts.h"

#include <errno.h>
#include <string.h>

#include "daemon/judge/shortage.h"
#include "daemon/service/home.h"
#include "daemon/service/log_pipe.h"
#include "daemon/service/persist.h"
#include "daemon/service/restart.h"
#include "daemon/service/turn.h"
#include "proto/name.h"
#include "proto/sysname.h"

/* One name of an order: which service it means, and what is recorded of it in the slot. */

struct service *order_resolve(const struct registry *registry, const char *name, struct fault *fault)
{
        bool gateway = strncmp(name, GATEWAY_PREFIX, strlen(GATEWAY_PREFIX)) == 0;
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

/* Why a signal cannot be sent: there is no process for it. */
static struct fault not_running(const struct service *service)
{
        return (struct fault){.kind = FAULT_NOT_RUNNING,
                              .text = service->own.status.finishing
                                              ? "it has ended, and its finish script runs"
                                              : "it does not run"};
}

/* May an order of that kind be given to that service now? If not, *fault says why. */
static bool order_is_possible(struct service *service, enum order_kind kind, struct fault *fault)
{
        if (!service->profile &&
            (kind == ORDER_RESET || !registry_allows_static(service->registry, service->name)))
                *fault = (struct fault){
                        .kind = FAULT_PROTECTED,
                        .text = kind == ORDER_RESET
                                        ? "it is a static service, whose failures are s6's"
                                        : "it is a static service that the operator did not allow"};
        else if (service->profile && (kind == ORDER_START || kind == ORDER_RESTART) && service->record.gone)
                *fault = (struct fault){.kind = FAULT_HELD, .text = HOME_GONE_REASON};
        else if (service->profile && (kind == ORDER_START || kind == ORDER_RESTART) &&
                 multiplex_holds(service->registry, service->profile))
                *fault = (struct fault){.kind = FAULT_HELD, .text = MULTIPLEX_REASON};
        else if (service->operation != OPERATION_NONE)
                *fault = (struct fault){.kind = FAULT_BUSY,
                                        .text = service->operation == OPERATION_REGISTER ? "register"
                                                                                         : "unregister"};
        else if (kind != ORDER_RESET && !log_pipe_is_renewed(service) && !service_has_supervisor(service))
                *fault = (struct fault){.kind = FAULT_UNSUPERVISED, .text = "no s6-supervise runs for it"};
        else if (kind == ORDER_SIGNAL && !service_is_alive(service))
                *fault = not_running(service);
        else
                return true;
        return false;
}

/* The record and the down file say what is wanted before anybody hears of it. False: they could not be
 * written, and the record is as it was. */
static bool order_record(struct service *service, const struct order *order, struct fault *fault)
{
        enum order_kind kind = order->kind;
        struct record before = service->record;
        int result;

        if (!service->profile || kind == ORDER_SIGNAL)
                return true;
        if (kind == ORDER_RESET) {
                restart_reset(service);
        } else {
                restart_forgive(service);
                record_know_want(&service->record);
                service->record.want_up = kind != ORDER_STOP;
                service->record.unpersisted = true;
                service->record.kill_after_msec = order->kill_after_msec;
                service->record.pending = kind == ORDER_RESTART ? PENDING_RESTART : PENDING_ORDER;
        }
        result = service_save(service);
        if (result == 0)
                result = service_set_down(service, kind == ORDER_RESET
                                                           ? !record_runs_now(&service->record) ||
                                                                     service->queued != QUEUED_FOR_NOTHING
                                                           : kind == ORDER_STOP);
        if (result == 0) {
                if (kind != ORDER_RESET)
                        persist_outdate(service);
                return true;
        }
        service->record = before;
        service_save(service);
        *fault = (struct fault){.kind = FAULT_SYSTEM, .text = "record the order", .error = -result};
        return false;
}

void order_set_goal(struct service *service, const struct order *order)
{
        enum order_kind kind = order->kind;
        pid_t replace = kind == ORDER_RESTART && service_is_alive(service) ? service->own.status.pid : 0;

        if (service->profile)
                service_clear_tally(&service->own);
        service->end.given_up = false;
        service_set_goal(service, kind == ORDER_STOP ? GOAL_DOWN : GOAL_UP, replace);
        /* An order that is delivered late does not undo what a newer one has recorded. */
        service->own.goal.kill_after_msec =
                service->profile ? service->record.kill_after_msec : order->kill_after_msec;
        service->starter = kind == ORDER_STOP ? STARTER_S6 : STARTER_PERSON;
}

/* Has an order that came later, and wants the opposite, been recorded while this one had its turns? The later
 * one wins. */
static bool order_is_overtaken(const struct order *order, const struct service *service)
{
        return service->profile && order_kind_wants(order->kind) && service->ordered.number > order->number &&
               service->record.want_up != (order->kind != ORDER_STOP);
}

/* Has a newer order recorded the very same? That one writes it to the volume: a second write would only take
 * its place. */
static bool order_is_recorded(const struct order *order, const struct service *service)
{
        return service->profile && order_kind_wants(order->kind) && service->ordered.number > order->number;
}

static void note_order(const struct order *order, const struct service *service)
{
        static const enum event_order names[] = {[ORDER_START] = EVENT_START,
                                                 [ORDER_STOP] = EVENT_STOP,
                                                 [ORDER_RESTART] = EVENT_RESTART,
                                                 [ORDER_RESET] = EVENT_RESET,
                                                 [ORDER_SIGNAL] = EVENT_SIGNAL};

        history_note_order(order->registry, service->name, names[order->kind],
                           order->kind == ORDER_SIGNAL ? signal_rows[order->signal].number : 0, &order->by);
}

static void order_record_resolved(struct order_entry *entry)
{
        const struct order *order = entry->order;
        struct service *service = order_resolve(order->registry, entry->name, &entry->fault);

        if (!service || !order_is_possible(service, order->kind, &entry->fault))
                return;
        entry->want_up = order->kind != ORDER_STOP;
        entry->persisted = true;
        if (order_is_overtaken(order, service)) {
                entry->fault = (struct fault){.kind = FAULT_SUPERSEDED};
                return;
        }
        if (order_is_carried_out(service, order->kind, order->root))
                return;
        if (order_is_recorded(order, service)) {
                entry->work = WORK_RECORDED;
                entry->persisted = false;
                entry->persist_problem = persist_problem(ECANCELED);
                return;
        }
        if (!order_record(service, order, &entry->fault))
                return;
        entry->work = WORK_RECORDED;
        if (order->kind == ORDER_SIGNAL) {
                note_order(order, service);
                return;
        }
        if ((service->ordered.number < order->number && order->kind != ORDER_RESET) || !service->profile)
                service->ordered.number = order->number;
        service->ordered.kind = order->kind;
        service->ordered.root = order->root;
        service->ordered.msec = clock_msec();
        note_order(order, service);
        service_show(service);
        if (order->kind == ORDER_RESET)
                return;
        entry->persisted = false;
        entry->persist_problem = service->profile
                                         ? sysname_error_words(ENOMEM) /* until it is known better */
                                         : "it is a static service: s6 keeps what is wanted in memory";
        if (service->profile)
                entry->work = WORK_WRITTEN;
}

/* Is the fault a want of descriptors or memory, and not for too long? The threads that have them are through
 * in an instant. */
static bool order_is_short(struct order *order, const struct fault *fault)
{
        if (fault->kind != FAULT_SYSTEM || !shortage_is_why(-fault->error)) {
                order->short_msec = 0;
                return false;
        }
        if (!order->short_msec)
                order->short_msec = clock_msec();
        return clock_msec() - order->short_msec < ORDER_SHORTAGE_MSEC;
}

bool order_record_entry(struct order_entry *entry)
{
        if (entry->fault.kind)
                return true;
        order_record_resolved(entry);
        if (!order_is_short(entry->order, &entry->fault))
                return true;
        entry->fault = (struct fault){.kind = FAULT_NONE};
        return false;
}

/* The service may have gone meanwhile, a static one too. Or somebody has ordered the opposite of it since:
 * the last order wins. */
struct service *order_look_again(struct order_entry *entry)
{
        const struct order *order = entry->order;
        struct fault fault = {.kind = FAULT_NONE};
        struct service *service = order_resolve(order->registry, entry->name, &fault);

        /* The outcome of an overtaken order shows its service, while there is one. */
        if (entry->fault.kind && (service || entry->fault.kind != FAULT_SUPERSEDED))
                return service;
        entry->fault = fault;
        if (service && order->kind == ORDER_SIGNAL && service->operation == OPERATION_NONE &&
            !service_is_alive(service))
                entry->fault = not_running(service);
        if (!service || !service->profile || order->kind == ORDER_RESET)
                return service;
        if (service->operation != OPERATION_NONE)
                entry->fault = (struct fault){.kind = FAULT_BUSY, .text = "unregister"};
        else if (order->kind != ORDER_SIGNAL && service->ordered.number != order->number &&
                 service->record.want_up != entry->want_up)
                entry->fault = (struct fault){.kind = FAULT_SUPERSEDED};
        return service;
}
