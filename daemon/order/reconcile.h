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
 * Brings the slots in line with the profiles on the volume, one after the other: each profile has a slot,
 * wanted as the volume's record says, or without a record as the application's own state file says. A profile
 * that has a slot already keeps it as it is.
 */
enum reconcile_what {
        RECONCILE_STARTED,    /* registered, and its start is ordered */
        RECONCILE_REGISTERED, /* registered, and down */
        RECONCILE_KEPT,       /* its slot is there already */
        RECONCILE_HELD,       /* registered, wanted, and kept down; message says why */
        RECONCILE_REMOVED,    /* the profile's directory is gone, and its gateway was down */
        RECONCILE_SKIPPED,    /* message says why */
};

/* Of one that is skipped, since it was unregistered when the reconcile had begun. */
#define RECONCILE_FORGOTTEN "it was unregistered meanwhile"

struct reconcile_action {
        char profile[NAME_MAX + 1];    /* of one that was skipped: whatever the directory is called */
        char prior[PRIOR_STATE_BYTES]; /* of the application's state file; empty: none */
        enum reconcile_what what;
        char message[RECORD_REASON_BYTES]; /* empty: none */
        enum prior_exit prior_exit;        /* for the boot log */
        const char *why;                   /* the message as one word, for the boot log; NULL: none */
        enum cause cause;                  /* of RECONCILE_HELD */
};

struct reconcile_request {
        bool boot;    /* the broker's: clean up after the last container, keep the boot log, remove no slot */
        bool root;    /* root asks, or the broker itself */
        bool lost;    /* a boot tries again: only slots that could not be made before */
        bool dry_run; /* only say what would be done */
        bool watch;   /* nobody has asked: something has changed in profiles/. No slot is removed */
        /* Called once in a boot whose volume answers, before `done`: `default` and all that are wanted have
         * their slots, or cannot have them now; the rest follow, BOOT_WAVE at a time, while people work.
         * NULL: nobody waits for that. */
        void (*first)(void *owner);
        /* Called once; in a boot when all are registered, or cannot be now. error: an errno; 0: the volume
         * was looked at. NULL: nobody waits. */
        void (*done)(void *owner, const struct reconcile_action *actions, size_t count, int error);
        void *owner;

        struct reconcile_request *next;
};

/* The reconciles of a registry: one goes on, and the others wait for it. */
struct reconciles {
        struct ready ready; /* its step begins the next one */
        struct registry *registry;
        struct reconcile *running; /* NULL: none */
        struct reconcile_request *queue;
        struct timer again; /* a boot that was not whole is tried again */
        /* Called when a boot is over, as far as it could be. Set by world.c. */
        void (*booted)(struct registry *registry);
};

void reconcile_init(struct reconciles *reconciles, struct registry *registry);

/* Takes the request, which must be from malloc(). `done` is called on a later turn of the loop. */
void reconcile_run(struct registry *registry, struct reconcile_request *request);

/* The profile was unregistered: neither the reconcile that goes on nor the next try of a boot makes a slot
 * for it, unless that slot is begun. */
void reconcile_forget(struct reconciles *reconciles, const char *profile);

/* The broker ends: whoever waits is told ECANCELED. */
void reconcile_drop(struct reconciles *reconciles);

#endif
