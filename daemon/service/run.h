/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_RUN_H
#define SERVICE_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/edge/control.h"
#include "daemon/edge/s6_status.h"
#include "daemon/judge/brake.h"
#include "daemon/judge/goal.h"
#include "daemon/judge/signals.h"
#include "daemon/judge/step.h"

/*
 * What one s6-supervise looks after: a gateway, its logger, a static service. s6 does not know what a logger is, and
 * neither does this: it follows the status, orders, and says what began and what ended.
 */

/* How its last run ended, as far as the next one cares. */
enum run_end {
        RUN_END_NONE,    /* it has not ended, or what began since was counted */
        RUN_END_ORDERED, /* somebody ordered it, or it asked to be started again */
        RUN_END_UNASKED, /* nobody did: what begins next is a restart */
};

/* Why the last order could not be given. It is given again. */
enum send_error {
        SEND_ERROR_NONE, /* it was, or there was none */
        SEND_ERROR_FULL, /* the FIFO is full of orders that its s6-supervise does not read */
        SEND_ERROR_LACK, /* something was short: descriptors, memory */
};

struct run;
struct service;

/* Whose run it is. */
struct run_owner {
        /* That status is about to be taken. NULL: it is all the same. */
        void (*takes)(struct run *run, const struct s6_status *now);
        /* The run that `now` shows has begun. late: it has ended, too, before it was seen. */
        void (*began)(struct run *run, const struct s6_status *now, bool late);
        /* The one that run->status shows is over; what it was told is not forgotten yet. */
        void (*ended)(struct run *run, const struct s6_status *now);
        /* An order, and the signal that it asks for, are on their way no more. */
        void (*delivered)(struct run *run);
        /* Nothing may begin there now, whatever is wanted. NULL: it always may. */
        bool (*is_barred)(const struct run *run);
};

struct run {
        struct service *service;
        const struct run_owner *owner;
        struct control control;
        struct brake *brake; /* of its record */
        int wd;              /* of its supervise directory; -1: not watched (yet) */

        /* seen */
        bool there;         /* a service may have no logger */
        bool has_readiness; /* it says itself when it is ready */
        bool supervised;
        bool unread; /* orders lie unread in its s6-supervise's FIFO for too long */
        struct s6_status status;
        int64_t began_msec;  /* by clock_msec(), of the run that status shows */
        int64_t lasted_msec; /* the one before it */
        struct step_watch step;
        struct halt_watch halt;

        /* ordered */
        struct goal goal;
        struct brake_try once;
        enum run_end end;
        enum told told;
        bool told_up; /* it was told to start, and no status says yet what came of that */
        bool idle; /* a logger: its gateway has not begun yet, so it is not wanted, and its down file says so */
        struct signals signals;
        bool signalled;    /* its last run ended by one of these */
        int64_t kill_msec; /* by clock_msec(): when the run that was told to end is killed; 0: it is not */
        enum send_error send_error;
};

void run_init(struct run *run, struct service *service, const struct run_owner *owner, struct control control,
              struct brake *brake);
void run_deinit(struct run *run);

/* A control's order, and its signal, are on their way no more: the place's callback. */
void run_delivered(struct control *control);

/* It runs a process of its own (not its finish script). */
bool run_is_alive(const struct run *run);
pid_t run_pid(const struct run *run); /* of that; 0: it does not */

/* Alive for as long as counts as up; where it says so itself: ready. settle_msec 0: at once. */
bool run_is_settled(const struct run *run, int64_t settle_msec);

/* It was told to end, or is to be told. */
bool run_is_to_end(const struct run *run);

/* As goal.h and brake.h judge it. */
struct seen run_seen(const struct run *run, int64_t settle_msec);

/* Reads its status, and whether somebody supervises it. 0, or a negative errno where it could not be seen. */
int run_see(struct run *run);

/* A living s6-supervise wrote a status, which alone is read where it can be; else as run_see(). */
int run_see_status(struct run *run);

/* Letters for its s6-supervise. False: not taken. */
bool run_send(struct run *run, const char *letters);

/* The same, of an order: what the run is told is noted. */
bool run_order(struct run *run, const char *letters);

/* A goal, overtaking another. */
void run_set_goal(struct run *run, enum goal_kind kind, pid_t replace);

/* What is due is sent: signals that were ordered, and a KILL where its time is over. False: nothing was. */
bool run_send_due(struct run *run);

/* In how many milliseconds that is so; INT64_MAX: it is not. */
int64_t run_kill_wait_msec(const struct run *run);

/* The end of its run that `now` shows was ordered by a signal. */
bool run_is_signalled(const struct run *run, const struct s6_status *now);

/* Looks whether its process is at work: halt_of() says so later. */
void run_see_halt(struct run *run);
enum halt run_halt(const struct run *run);
enum process_kind run_process(const struct run *run);

/* Is there an order that its s6-supervise may not have read for msec? */
bool run_is_unread(const struct run *run, bool ordered, int64_t msec);

#endif
