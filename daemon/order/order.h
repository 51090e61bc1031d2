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
 * restart has its answer. Either way what is wanted is recorded in the slot and on the volume before any
 * outcome or delivery, or the volume has had its time. A start of a profile that has no slot makes a slot.
 * Names are worked off in slices, root's first: outcomes come on later turns of the loop.
 */
enum order_kind {
        ORDER_START,
        ORDER_STOP,
        ORDER_RESTART,
        ORDER_RESET,
        ORDER_SIGNAL, /* goes to the present run, and leaves what is wanted as it is */
};

/* Does an order of that kind say what is wanted? */
static inline bool order_kind_wants(enum order_kind kind)
{
        return kind == ORDER_START || kind == ORDER_STOP || kind == ORDER_RESTART;
}

struct order_request {
        struct ticket ticket;
        enum order_kind kind;
        const char *const *names; /* service names, as the caller gave them; none may come twice */
        size_t count;
        bool all;  /* the names are those of all gateways */
        bool root; /* root asks */
        bool wait; /* until each goal is reached; ignored for a reset and a signal, which have none */
        int64_t timeout_msec;     /* of the wait */
        unsigned kill_after_msec; /* a run that is told to end and still runs then is killed; 0: never */
        unsigned signal;          /* ORDER_SIGNAL: the signal's row in signals.h */
};

/* Begins an order; the request and its names are copied. Returns 0, or -ENOMEM with no outcome told and
 * nothing ordered. count must not be 0. */
int order_run(struct registry *registry, const struct order_request *request);

/* The caller with that ticket has taken the outcomes so far, and takes further ones now. */
void order_go_on(struct registry *registry, struct ticket ticket);

/* What an order of that kind, if it is not root's, would have to do for a service: 1, or 0 for nothing. */
size_t order_weigh_service(const struct service *service, enum order_kind kind);

/* The same for a name: 1 also for a start of a profile without a slot, which is looked for on the volume; 0
 * for any other name that is not known. */
size_t order_weigh(const struct registry *registry, enum order_kind kind, const char *name);

/* Nobody waits for the outcomes of that ticket's order any longer; what was ordered stays ordered. Returns
 * true if no outcome follows. */
bool order_abandon(struct registry *registry, struct ticket ticket);

/* The service that a name means. NULL: there is none, and *fault says why, with FAULT_INVALID_NAME,
 * FAULT_NOT_REGISTERED or FAULT_NO_SUCH_SERVICE. */
struct service *order_resolve(const struct registry *registry, const char *name, struct fault *fault);

#endif
