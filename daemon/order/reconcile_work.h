/* SPDX-License-Identifier: ISC */
#ifndef ORDER_RECONCILE_WORK_H
#define ORDER_RECONCILE_WORK_H

#include "daemon/loop/ready.h"
#include "daemon/order/plan.h"
#include "daemon/order/reconcile.h"

/* A reconcile that goes on. Each step does one profile of its plan. */
struct reconcile {
        struct ready ready;
        struct registry *registry;
        struct reconcile_request *request;
        struct plan plan;
        size_t next;     /* the profile of the plan that is done next */
        size_t open;     /* registrations that have begun and not ended */
        size_t begun;    /* profiles done in this wave */
        bool holds;      /* publication.h holds the slots of this wave, which come into view at once */
        bool follows;    /* a boot's second round: what is wanted has its slot, and what is down gets one */
        bool blind;      /* a boot whose volume did not answer: only `default`, and all is looked at again */
        bool incomplete; /* some profiles' directories did not answer */
        bool has_dead;   /* slots that are left of the last container are removed first */
        bool counted;    /* it is a boot, and boot.h is told how far it is */
        void (*finished)(struct reconcile *reconcile); /* called when the whole plan is done */
};

/* Begins to work a plan off. Registry, request, plan and `finished` must be set. */
void reconcile_work(struct reconcile *reconcile);

/* Makes no slot for that profile, unless it is begun. */
void reconcile_skip(struct reconcile *reconcile, const char *profile);

#endif
