/* SPDX-License-Identifier: ISC */
#ifndef SLOT_REGISTRATION_H
#define SLOT_REGISTRATION_H

#include "daemon/slot/operation.h"

/* The half of operation.h that makes a slot. */
struct registration_waiter {
        struct registration_waiter *next;
        struct ticket ticket;
        struct own_registration *own; /* instead of the ticket; NULL: a client's */
        bool root;                    /* root asks */
        bool is_default;              /* the broker's own, of `default` */
        struct event_by by;           /* the client that asks */
        bool created;
        bool changed;
        struct fault *at_once; /* the broker's own, as long as it has not begun: where its end is noted */
        bool ended;            /* the waiter has been answered */
};

struct registration {
        struct ready ready;
        struct service *service;
        struct timer timer;
        bool due;           /* the timer has expired */
        int64_t began_msec; /* by clock_msec() */
        struct registration_waiter *waiters;
        bool adopted;      /* the slot was there before this broker, and is never rolled back */
        bool root;         /* root asked for the slot, or to have it removed again */
        bool remove_after; /* an unregister came meanwhile */
        int64_t remove_timeout_msec;
};

void registration_refuse(struct registry *registry, struct registration_waiter *waiter, const char *profile,
                         struct fault fault);

/* registration_again.c: registers a slot that is there already; only its environment may change. NULL: it
 * stays. */
void registration_again(struct service *service, struct registration_waiter *waiter,
                        struct json_object *environment);

/* registration_names.c: notes in the history which variables have changed. before, after: NULL: none. */
void registration_note_variables(struct service *service, struct json_object *before,
                                 struct json_object *after);

/* registration_waiters.c: frees a registration with all its waiters; what timer_close() calls. */
void registration_free(void *owner);

/* Tells a waiter how its register ended. persist_error: of what this waiter asked for; the service's own may
 * be of a later order. */
void registration_answer(struct registry *registry, struct registration_waiter *waiter, const char *profile,
                         struct service *service, const struct fault *fault, int persist_error);

/* Adds a copy of the waiter. False: out of memory. */
bool registration_add_waiter(struct service *service, const struct registration_waiter *wanted);

/* Do all who wait belong to the broker itself? A client is told of a failure, and may ask again. */
bool registration_is_own(const struct registration *registration);

/* Ends the registration, if there is one. The broker's own waiters are told FAULT_SUPERSEDED, clients
 * nothing. */
void registration_drop(struct service *service);

/* Makes the slot, or goes on with the slot that is there. */
void registration_any(struct registry *registry, struct registration_waiter *waiter, const char *profile,
                      struct json_object *environment, const struct record *record);

#endif
