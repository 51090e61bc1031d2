/* SPDX-License-Identifier: ISC */
#ifndef SLOT_REMOVAL_H
#define SLOT_REMOVAL_H

#include "daemon/loop/deputy.h"
#include "daemon/edge/groups.h"
#include "daemon/slot/operation.h"

/* The half of operation.h that takes a slot away. */
enum removal_phase {
        REMOVAL_FORGETTING, /* the volume's record goes first */
        REMOVAL_STOPPING,   /* the gateway was told to end */
        REMOVAL_KILLING,    /* the deadline passed: the gateway is killed, and again until it ends */
        REMOVAL_WAITING,    /* for publication.h to take the slot out of view */
        REMOVAL_LEAVING,    /* the slot is in the scan directory no longer; its supervisors end */
        REMOVAL_SWEEPING,   /* the deputy ends what a killed supervisor left running */
        REMOVAL_FINISHING,  /* nothing runs: the next step removes the directory */
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
        bool due;             /* the timer has expired */
        int64_t timeout_msec; /* of REMOVAL_STOPPING */
        int64_t told_msec;    /* by clock_msec(): when supervisors that stay were last told to leave */
        struct removal_waiter *waiters;
        struct deputy_job job;
        struct groups groups;
};

/* Begins to remove the slot of a service that has no operation. timeout_msec: until KILL. forget: what the
 * volume has of the gateway goes, too. root: root asks. 0; or -ENOMEM with nothing begun, never after
 * removal_add_waiter(). Where the record says already that the slot goes, the next broker begins. */
int removal_begin(struct service *service, int64_t timeout_msec, bool forget, bool root);

/* Adds a client that is told how the removal ends: before removal_begin(), since it may end at once. Returns
 * 0 or -ENOMEM. */
int removal_add_waiter(struct service *service, struct ticket ticket);

/* Frees the removal, if there is one, and tells nobody. */
void removal_drop(struct service *service);

#endif
