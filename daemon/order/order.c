/* SPDX-License-Identifier: ISC */
#include "daemon/order/order.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/bounds.h"
#include "daemon/keep/survey.h"
#include "daemon/order/order_parts.h"
#include "daemon/service/persist.h"

static void order_tell_now(struct order_entry *entry, struct service *service)
{
        order_tell(entry, service, entry->fault.kind ? &entry->fault : NULL);
}

/* All that is to be recorded is recorded: now the outcomes are told, and then the orders are delivered. Of an
 * order that waits only refusals are told first. */
static bool order_settle(struct order *order)
{
        order->wait = order->wait && order->reader != READER_GONE;
        order->phase = ORDER_TELLING;
        order->at = 0;
        return true;
}

/* The volume has answered for a batch, or had its time. */
static void batch_answered(struct order *order)
{
        if (order->phase == ORDER_WRITING && order->batches)
                return;
        if (order->phase == ORDER_WRITING)
                order_settle(order);
        ready_wake(&order->ready);
}

/* Entries of an order that are written with one sync. */
struct order_batch {
        struct order *order;
        size_t from;
        size_t to;
        size_t count;
        size_t bytes; /* of their variables */
};

static void batch_noted(struct order_batch *batch, const struct store_batch *written)
{
        struct order *order = batch->order;

        for (size_t i = batch->from, place = 0; i < batch->to; i++) {
                struct order_entry *entry = &order->entries[i];

                if (entry->work != WORK_WRITTEN)
                        continue;
                entry->persisted = store_batch_result(written, place) == 0;
                entry->persist_problem = persist_problem(-store_batch_result(written, place));
                place++;
        }
}

static void batch_free(struct order_batch *batch)
{
        batch->order->batches--;
        batch->order->writing -= batch->count;
        batch->order->writing_bytes -= batch->bytes;
        free(batch);
}

static void batch_written(void *owner, const struct store_batch *written)
{
        struct order_batch *batch = owner;
        struct order *order = batch->order;

        batch_noted(batch, written);
        batch_free(batch);
        batch_answered(order);
}

/* Collects all that has been recorded since the last batch. A service that was taken away since, or ordered
 * otherwise, is in no batch. */
static size_t batch_collect(struct order *order, struct service **services)
{
        size_t count = 0;

        for (size_t i = order->batch_at; i < order->at; i++) {
                struct order_entry *entry = &order->entries[i];
                struct service *service =
                        entry->work == WORK_WRITTEN ? registry_find(order->registry, entry->name) : NULL;

                if (entry->work != WORK_WRITTEN)
                        continue;
                if (service && service->profile && service->operation == OPERATION_NONE &&
                    service->ordered.number == order->number) {
                        services[count++] = service;
                        continue;
                }
                entry->work = WORK_RECORDED;
                if (service)
                        entry->persist_problem = persist_problem(ECANCELED);
        }
        return count;
}

/* Gives the entries that wait to the volume as a batch. */
static void order_write(struct order *order)
{
        struct service *services[ORDER_NAMES_PER_BATCH];
        struct order_batch *batch = malloc(sizeof(*batch));
        size_t count = batch ? batch_collect(order, services) : 0;

        if (count) {
                *batch = (struct order_batch){.order = order,
                                              .from = order->batch_at,
                                              .to = order->at,
                                              .count = count,
                                              .bytes = order->waiting_bytes};
                order->batches++;
                order->writing += count;
                order->writing_bytes += batch->bytes;
        }
        order->batch_at = order->at;
        order->waiting = 0;
        order->waiting_bytes = 0;
        if (!count || persist_services(order->registry, services, count, order->kind == ORDER_STOP,
                                       order->root, batch_written, batch)) {
                if (count)
                        batch_free(batch);
                else
                        free(batch);
                /* What was recorded in the slots is not lost for want of memory. */
                persist_later(order->registry);
        }
}

/* Are the entries that wait enough for a batch, or the last ones? */
static bool order_is_to_write(const struct order *order)
{
        return order->waiting == ORDER_NAMES_PER_BATCH || order->waiting_bytes >= ORDER_BYTES_PER_BATCH ||
               (order->waiting && order->at == order->count);
}

/* Counts an entry that was recorded in its slot, if it is to be written. */
static void order_note_waiting(struct order *order, const struct order_entry *entry)
{
        bool written = entry->work == WORK_WRITTEN;
        const struct service *service = written ? registry_find(order->registry, entry->name) : NULL;

        order->waiting += written;
        order->waiting_bytes += service ? service->environment_bytes : 0;
}

/* Has the volume as much of this order as it takes at once? */
static bool order_is_ahead(const struct order *order)
{
        return order->batches >= ORDER_BATCHES_AT_ONCE &&
               (order->writing_bytes > ORDER_BYTES_PER_BATCH ||
                order->writing + ORDER_NAMES_PER_BATCH > store_names_at_once(&order->registry->store));
}

/* Records one entry in its slot, or gives the volume a batch of those that are. */
static bool record_piece(struct order *order)
{
        struct order_entry *entry;

        if (order_is_ahead(order) || timer_is_running(&order->timer))
                return false; /* the volume's answer wakes the order, or the timer of a shortage */
        if (order_is_to_write(order)) {
                order_write(order);
        } else if (order->at < order->count) {
                entry = &order->entries[order->at];
                if (!order_record_entry(entry)) {
                        timer_start(&order->timer, ORDER_SHORTAGE_PAUSE_MSEC);
                        return false;
                }
                order->at++;
                order_note_waiting(order, entry);
        }
        if (order->at < order->count || order->waiting)
                return true;
        order->phase = ORDER_WRITING;
        return order->batches ? false : order_settle(order);
}

/* All that is known at once has been told. Returns false if the order is over, or only waits now. */
static bool order_go_to_wait(struct order *order)
{
        bool waits = order->wait && order->reader != READER_GONE;

        if (order->reader == READER_GONE || (!waits && !order->due_first)) {
                order_tell_end(order);
                order->phase = ORDER_OVER;
                return false;
        }
        order->phase = ORDER_WAITING;
        if (waits)
                timer_start(&order->timer, (uint64_t)order->timeout_msec);
        /* A goal that was reached while other entries were delivered has woken the order already. */
        return order->due_first != NULL || order->waiter.ended != NULL;
}

static bool tell_piece(struct order *order)
{
        struct order_entry *entry = &order->entries[order->at];
        struct service *service;

        /* Outcomes are told before the orders are carried out, which may end the caller; but nobody waits
         * longer than this for a caller to take them. */
        if (order->reader != READER_LATE && !order_is_heard(order)) {
                if (!timer_is_running(&order->timer))
                        timer_start(&order->timer, ORDER_READER_MSEC);
                return false;
        }
        order->at++;
        service = order_look_again(entry);
        if (!order->wait || entry->fault.kind) {
                entry->told = true;
                order_tell_now(entry, service);
        }
        if (order->phase == ORDER_OVER)
                return false;
        if (order->at < order->count)
                return true;
        timer_stop(&order->timer);
        order->phase = ORDER_DELIVERING;
        order->at = 0;
        return order->kind != ORDER_RESET || order_go_to_wait(order);
}

static void deliver_entry(struct order_entry *entry)
{
        struct order *order = entry->order;
        struct service *service = order_look_again(entry);

        if (entry->fault.kind || entry->work == WORK_NONE) {
                if (!entry->told)
                        order_tell_now(entry, service);
                return;
        }
        if (order->kind == ORDER_SIGNAL) {
                service_signal(service, order->signal);
        } else {
                order_set_goal(service, order);
                if (service->ordered.delivered < order->number)
                        service->ordered.delivered = order->number;
        }
        if (order->wait && order->reader != READER_GONE) {
                entry->wait.waiter = &order->waiter;
                service_add_wait(service, &entry->wait);
        }
        if (order->root)
                ready_wake_root(&service->ready);
        else
                ready_wake(&service->ready);
}

static bool deliver_piece(struct order *order)
{
        deliver_entry(&order->entries[order->at++]);
        if (order->phase == ORDER_OVER)
                return false;
        return order->at < order->count || order_go_to_wait(order);
}

static bool order_piece(struct order *order)
{
        switch (order->phase) {
        case ORDER_LOOKING:
                order->phase = ORDER_RECORDING;
                return record_piece(order);
        case ORDER_RECORDING:
                return record_piece(order);
        case ORDER_TELLING:
                return tell_piece(order);
        case ORDER_DELIVERING:
                return deliver_piece(order);
        case ORDER_WAITING:
                return order_wait_piece(order);
        case ORDER_CATCHING_UP:
                return order_catch_up_piece(order);
        case ORDER_EXPIRING:
                return order_expire_piece(order);
        case ORDER_WRITING:
        case ORDER_OVER:
                break;
        }
        return false;
}

static bool order_step(struct ready *ready)
{
        struct order *order = (struct order *)ready;
        bool waits = order->phase == ORDER_WAITING || order->phase == ORDER_CATCHING_UP ||
                     order->phase == ORDER_EXPIRING;
        bool more;

        if (waits && order->reader == READER_GONE)
                order->phase = ORDER_OVER;
        more = order_piece(order);
        if (order->phase != ORDER_OVER)
                return more;
        order_close(order);
        return false;
}

static void order_drop(struct ready *ready)
{
        order_close((struct order *)ready);
}

static void order_open(struct order *order)
{
        ready_init(&order->ready, &order->registry->ready, order_step);
        order->ready.root = order->root;
        order->ready.drop = order_drop;
        waiter_init(&order->waiter, &order->ready);
        timer_init(&order->timer, order->registry->loop, order_expired, order);
}

/* The order has its turn when the missing slots are made, or at once if there are none to make. */
static void order_find(struct order *order)
{
        if (!order_find_missing(order))
                ready_wake(&order->ready);
}

static void order_looked(struct survey *survey)
{
        struct order *order = survey->owner;

        if (order->registry->stopping) {
                ready_wake(&order->ready); /* to be dropped */
                return;
        }
        order_take_survey(order, survey);
        order_find(order);
}

static void order_look(struct order *order)
{
        struct survey *survey = order_survey(order);

        if (!survey) {
                order_find(order);
                return;
        }
        survey->root = order->root;
        survey->done = order_looked;
        survey->owner = order;
        survey_run(&order->registry->store, survey);
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
        history_see_caller(registry, request->ticket, &order->by);
        order->all = request->all;
        order->wait = request->wait && order_kind_wants(request->kind); /* other kinds have no goal */
        order->kill_after_msec = request->kill_after_msec;
        order->signal = request->signal;
        order->timeout_msec = request->timeout_msec;
        order->began_msec = clock_msec();
        order->number = ++registry->order_number;
        order->open = order->count = request->count;
        /* An order of all gateways counts as no more than one full call, however many there are. */
        order->charged = order->root                           ? 0
                         : order->count < LIMIT_NAMES_PER_CALL ? order->count
                                                               : LIMIT_NAMES_PER_CALL;
        registry->names_under_way += order->charged;
        order->next = registry->orders;
        registry->orders = order;
        order_open(order);
        order_look(order);
        return 0;
}
