/* SPDX-License-Identifier: ISC */
#ifndef SLOT_REMOVAL_H
#define SLOT_REMOVAL_H

#include "daemon/loop/deputy.h"
#include "daemon/edge/groups.h"
#include "daemon/slot/operation.h"

/* The half of operation.h that takes a slot away. */
enum removal_phase {
        REMOVAL_FORGETTING, /* the volume's record goes first */
        REMOVAL_STOPPING,   /* told to end */
        REMOVAL_KILLING,    /* the deadline passed */
        REMOVAL_WAITING,    /* for publication.h to let it out of view */
        REMOVAL_LEAVING,    /* not in the scan directory any more; its supervisors end */
        REMOVAL_SWEEPING,   /* the deputy ends what a killed supervisor left running */
        REMOVAL_FINISHING,  /* nothing runs: the directory goes when it is its turn */
};

struct removal_waiter {
        struct removal_waiter *next;
        struct ticket ticket;
};

struct removal {
        struct ready ready;
        struct service *service;
        enum removal_phase phase;
        struct timer timer;
        bool due;             /* it has expired */
        int64_t timeout_msec; /* of STOPPING */
        int64_t told_msec;    /* by clock_msec(): when whoever does not leave was last told to */
        struct removal_waiter *waiters;
        struct deputy_job job;
        struct groups groups;
};

/* For a service without an operation. timeout_msec: until KILL. forget: what the volume has of it too.
 * root: it is root who asks. */
void removal_begin(struct service *service, int64_t timeout_msec, bool forget, bool root);

/* Before it begins, since it may end at once. 0, or -ENOMEM. */
int removal_add_waiter(struct service *service, struct ticket ticket);

void removal_drop(struct service *service);

#endif
