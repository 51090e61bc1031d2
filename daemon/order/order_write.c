/* SPDX-License-Identifier: ISC */
#include "daemon/order/order_parts.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/bounds.h"
#include "daemon/service/persist.h"

/* What an order has recorded in the slots, on its way to the volume. */

/* Entries of an order that are written with one sync. */
struct order_batch {
        struct order *order;
        size_t from;
        size_t to;
        size_t count;
        size_t bytes; /* of their variables */
        void (*answered)(struct order *order);
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
        void (*answered)(struct order * order) = batch->answered;

        batch_noted(batch, written);
        batch_free(batch);
        answered(order);
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

void order_write(struct order *order, void (*answered)(struct order *order))
{
        struct service *services[ORDER_NAMES_PER_BATCH];
        struct order_batch *batch = malloc(sizeof(*batch));
        size_t count = batch ? batch_collect(order, services) : 0;

        if (count) {
                *batch = (struct order_batch){.order = order,
                                              .from = order->batch_at,
                                              .to = order->at,
                                              .count = count,
                                              .bytes = order->waiting_bytes,
                                              .answered = answered};
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
                persist_later(
                        order->registry); /* what was recorded in the slots is not lost for want of memory */
        }
}

bool order_is_to_write(const struct order *order)
{
        return order->waiting == ORDER_NAMES_PER_BATCH || order->waiting_bytes >= ORDER_BYTES_PER_BATCH ||
               (order->waiting && order->at == order->count);
}

void order_note_waiting(struct order *order, const struct order_entry *entry)
{
        bool written = entry->work == WORK_WRITTEN;
        const struct service *service = written ? registry_find(order->registry, entry->name) : NULL;

        order->waiting += written;
        order->waiting_bytes += service ? service->environment_bytes : 0;
}

bool order_is_ahead(const struct order *order)
{
        return order->batches >= ORDER_BATCHES_AT_ONCE &&
               (order->writing_bytes > ORDER_BYTES_PER_BATCH ||
                order->writing + ORDER_NAMES_PER_BATCH > store_names_at_once(&order->registry->store));
}
