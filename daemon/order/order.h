/* SPDX-License-Identifier: ISC */
#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/service/registry.h"

/*
 * Orders to services. Each name gets one outcome through events.outcome, the last one marked. Without a wait,
 * all outcomes come first and the orders are delivered after them, so that a gateway that orders its own
 * restart has its answer. Either way the record of what is wanted is in the slot and on the volume before
 * that, or the volume has had its time. A start of a profile that has no slot makes one. Names are worked off
 * in slices, root's first: outcomes come on later turns of the loop.
 */
enum order_kind {
        ORDER_START,
        ORDER_STOP,
        ORDER_RESTART,
        ORDER_RESET,
        ORDER_SIGNAL, /* changes nothing of what is wanted, and is of the run that there is */
};

/* Does it say what is wanted? */
static inline bool order_kind_wants(enum order_kind kind)
{
        return kind == ORDER_START || kind == ORDER_STOP || kind == ORDER_RESTART;
}

struct order_request {
        struct ticket ticket;
        enum order_kind kind;
        const char *const *names; /* service names, as they came; none may come twice */
        size_t count;
        bool all;  /* names are those of every gateway */
        bool root; /* it is root who asks */
        bool wait; /* for what becomes of it; of a reset and a signal nothing does */
        int64_t timeout_msec;
        unsigned kill_after_msec; /* what it ends and still runs then is killed; 0: nothing is */
        unsigned signal;          /* ORDER_SIGNAL: its row, signals.h */
};

/* 0, or -ENOMEM with no outcome told and nothing ordered. count must not be 0. */
int order_run(struct registry *registry, const struct order_request *request);

/* Whoever asked has taken what came, and takes further outcomes now. */
void order_go_on(struct registry *registry, struct ticket ticket);

/* What is to be done for a service by such an order that is not root's: 0 or 1. */
size_t order_weigh_service(const struct service *service, enum order_kind kind);

/* What is to be done for a name of such an order that is not root's, in names: 0 or 1. */
size_t order_weigh(const struct registry *registry, enum order_kind kind, const char *name);

/* Nobody waits for it any more; what was ordered stays ordered. True: no outcome follows. */
bool order_abandon(struct registry *registry, struct ticket ticket);

/* Which service a name means, or why none: FAULT_INVALID_NAME, FAULT_NOT_REGISTERED, FAULT_NO_SUCH_SERVICE.
 */
struct service *order_resolve(const struct registry *registry, const char *name, struct fault *fault);

#endif
