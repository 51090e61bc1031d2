/* SPDX-License-Identifier: ISC */
#ifndef SLOT_REGISTRATION_H
#define SLOT_REGISTRATION_H

#include "daemon/slot/operation.h"

/* The half of operation.h that makes a slot. */
struct registration_waiter {
        struct registration_waiter *next;
        struct ticket ticket;
        struct own_registration *own; /* instead of the ticket; NULL: a client's */
        bool root;                    /* it is root who asks */
        bool is_default;              /* and the broker's own */
        struct event_by by;           /* who asks, where it is a client */
        bool created;
        bool changed;
        struct fault *at_once; /* of the broker's own, as long as it has not begun: where its end is noted */
        bool ended;            /* and it has */
};

struct registration {
        struct ready ready;
        struct service *service;
        struct timer timer;
        bool due;           /* it has expired */
        int64_t began_msec; /* by clock_msec() */
        struct registration_waiter *waiters;
        bool adopted;      /* its slot was there before us: it is never rolled back */
        bool root;         /* who asked for it, or to have it removed again, is root */
        bool remove_after; /* an unregister came meanwhile */
        int64_t remove_timeout_msec;
};

void registration_refuse(struct registry *registry, struct registration_waiter *waiter, const char *profile,
                         struct fault fault);

/* registration_again.c: of a slot that is there already; only its environment may change. NULL: it stays. */
void registration_again(struct service *service, struct registration_waiter *waiter,
                        struct json_object *environment);

/* registration_names.c: notes which variables are others now. before, after: NULL: none. */
void registration_note_variables(struct service *service, struct json_object *before,
                                 struct json_object *after);

/* registration_waiters.c. Frees it with all who wait (timer_close()). */
void registration_free(void *owner);

/* persist_error: of what this waiter asked for; the service's own may be of an order since. */
void registration_answer(struct registry *registry, struct registration_waiter *waiter, const char *profile,
                         struct service *service, const struct fault *fault, int persist_error);

/* Takes the waiter. False: out of memory. */
bool registration_add_waiter(struct service *service, const struct registration_waiter *wanted);

/* Whoever asked is no client, who is told and may ask again. */
bool registration_is_own(const struct registration *registration);

void registration_drop(struct service *service);

/* Makes the slot, or goes on with the one that is there. */
void registration_any(struct registry *registry, struct registration_waiter *waiter, const char *profile,
                      struct json_object *environment, const struct record *record);

#endif
