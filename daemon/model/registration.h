#ifndef MODEL_REGISTRATION_H
#define MODEL_REGISTRATION_H

#include "daemon/model/operation.h"

/* The half of operation.h that makes a slot. */
struct registration_waiter {
        struct registration_waiter *next;
        struct ticket ticket;
        struct own_registration *own; /* instead of the ticket; NULL: a client's */
        bool root;                    /* it is root who asks */
        bool created;
        bool changed;
};

struct registration {
        struct service *service;
        struct timer timer;
        int64_t began_msec; /* by clock_msec() */
        struct registration_waiter *waiters;
        bool linked;         /* s6-svscan can see it */
        int64_t linked_msec; /* by clock_msec() */
        bool adopted;        /* its slot was there before us: it is never rolled back */
        bool root;           /* who asked for it, or to have it removed again, is root */
        bool remove_after;   /* an unregister came meanwhile */
        int64_t remove_timeout_msec;
};

/* It may come into view now: publication.h. */
void registration_link(struct service *service);

void registration_step(struct service *service);
void registration_drop(struct service *service);

#endif
