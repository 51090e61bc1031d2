/* SPDX-License-Identifier: ISC */
#ifndef ORDER_RECONCILE_WORK_H
#define ORDER_RECONCILE_WORK_H

#include "daemon/loop/ready.h"
#include "daemon/order/plan.h"
#include "daemon/order/reconcile.h"

/* A reconcile that goes on. Each profile of its plan is a piece. */
struct reconcile {
        struct ready ready;
        struct registry *registry;
        struct reconcile_request *request;
        struct plan plan;
        size_t next;     /* of the plan, to be done */
        size_t open;     /* registrations that have begun */
        size_t begun;    /* of this wave */
        bool holds;      /* the slots of a wave come into view at once */
        bool follows;    /* a boot: what is wanted has its slot, and now it is about what is down */
        bool blind;      /* a boot whose volume did not answer: only `default`, and all is looked at again */
        bool incomplete; /* some profiles' directories did not answer */
        bool has_dead;   /* what is left of the last container's is removed first */
        bool counted;    /* it is a boot, and boot.h is told of it */
        void (*finished)(struct reconcile *reconcile); /* all is done that is to be */
};

/* Registry and request are set, the plan is made. */
void reconcile_work(struct reconcile *reconcile);

/* No slot of it is made any more, if none is begun. */
void reconcile_skip(struct reconcile *reconcile, const char *profile);

#endif
