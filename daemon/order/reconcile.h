/* SPDX-License-Identifier: ISC */
#ifndef ORDER_RECONCILE_H
#define ORDER_RECONCILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/judge/intent.h"
#include "daemon/judge/record.h"
#include "daemon/loop/ready.h"
#include "daemon/loop/timer.h"

struct registry;

/*
 * Brings the slots in line with the profiles on the volume: a slot for each profile, wanted as the volume's
 * record says; without one as the application's own state file says; and nothing that has a slot is touched.
 * One after the other.
 */
enum reconcile_what {
        RECONCILE_STARTED,    /* registered, and its start is ordered */
        RECONCILE_REGISTERED, /* registered, and down */
        RECONCILE_KEPT,       /* there already */
        RECONCILE_HELD,       /* registered, wanted, and kept down; message says why */
        RECONCILE_REMOVED,    /* its directory is gone, and it was down */
        RECONCILE_SKIPPED,    /* message says why */
};

struct reconcile_action {
        char profile[NAME_MAX + 1];    /* whatever the directory is called, where it was skipped */
        char prior[PRIOR_STATE_BYTES]; /* of the application's state file; empty: none */
        enum reconcile_what what;
        char message[RECORD_REASON_BYTES]; /* empty: none */
        enum prior_exit prior_exit;        /* for the boot log */
        const char *why;                   /* the same as one word, for the boot log; NULL: none */
        enum cause cause;                  /* of RECONCILE_HELD */
};

struct reconcile_request {
        bool boot; /* of the broker: clean up after the last container, keep the boot log, remove nothing */
        bool root; /* it is root who asks, or the broker itself */
        bool lost; /* a boot again: of what has no slot, only what could not be made before */
        bool dry_run; /* only say */
        bool watch;   /* nobody has asked: something has changed in profiles/. Nothing is removed */
        /* Of a boot, once, before `done`: `default` and all that are wanted have their slots, or cannot have them now, and the
         * rest follow, so many at a time, while people work. NULL: nobody asks. */
        void (*first)(void *owner);
        /* Once. error: errno, 0 where the volume was looked at. Of a boot: when all are registered, or cannot
         * be now. */
        void (*done)(void *owner, const struct reconcile_action *actions, size_t count, int error);
        void *owner;

        struct reconcile_request *next;
};

/* Of a registry: one goes on, and the others wait for it. */
struct reconciles {
        struct ready ready; /* the next one begins */
        struct registry *registry;
        struct reconcile *running; /* NULL: none */
        struct reconcile_request *queue;
        struct timer again; /* a boot that was not whole is tried again */
        /* A boot is over, as far as it could be. Set by the world. */
        void (*booted)(struct registry *registry);
};

void reconcile_init(struct reconciles *reconciles, struct registry *registry);

/* Takes the request, which must be allocated. `done` is called on a later turn of the loop. */
void reconcile_run(struct registry *registry, struct reconcile_request *request);

/* It was unregistered: the boot that goes on makes no slot for it any more. */
void reconcile_forget(struct reconciles *reconciles, const char *profile);

/* The broker ends: whoever waits is told ECANCELED. */
void reconcile_drop(struct reconciles *reconciles);

#endif
