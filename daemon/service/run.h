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
 * A run is what one s6-supervise looks after: a gateway, its logger, a static service. s6 does not know what
 * a logger is, and neither does this file: a run follows the status, orders, and tells its owner what began
 * and what ended.
 */

/* How the last process of a run ended, as far as the next one cares. */
enum run_end {
        RUN_END_NONE,    /* none has ended, or the one that began since was counted */
        RUN_END_ORDERED, /* somebody ordered the end, or the process asked to be started again */
        RUN_END_UNASKED, /* nobody ordered the end: what begins next is a restart */
};

/* Why the run's last order could not be written to its FIFO; the order is then sent again. */
enum send_error {
        SEND_ERROR_NONE, /* the order was written, or there was none */
        SEND_ERROR_FULL, /* the FIFO is full of orders that the run's s6-supervise does not read */
        SEND_ERROR_LACK, /* something was short: descriptors, memory */
};

struct run;
struct service;

/* What a run tells its owner, and asks of it: the owner's callbacks. */
struct run_owner {
        /* `now` is about to become the run's status. NULL: the owner does not care. */
        void (*takes)(struct run *run, const struct s6_status *now);
        /* A process of the run has begun, as `now` shows. late: it has ended, too, before it was seen. */
        void (*began)(struct run *run, const struct s6_status *now, bool late);
        /* The process that run->status shows has ended; what it was told is not forgotten yet. */
        void (*ended)(struct run *run, const struct s6_status *now);
        /* The last order, and the signal that it asks for, are no longer on their way. */
        void (*delivered)(struct run *run);
        /* May nothing begin in this run now, whatever is wanted? NULL: something always may. */
        bool (*is_barred)(const struct run *run);
};

struct run {
        struct service *service;
        const struct run_owner *owner;
        struct control control;
        struct brake *brake; /* in the service's record */
        int wd;              /* the watch of its supervise directory; -1: not watched (yet) */

        /* seen */
        bool there;         /* false: the service has no logger */
        bool has_readiness; /* the process says itself when it is ready */
        bool supervised;
        bool unread; /* orders lie unread in its s6-supervise's FIFO for too long */
        struct s6_status status;
        int64_t began_msec;  /* by clock_msec(): when the process that status shows began */
        int64_t lasted_msec; /* how long the process before it lasted */
        struct step_watch step;
        struct halt_watch halt;

        /* ordered */
        struct goal goal;
        struct brake_try once;
        enum run_end end;
        enum told told;
        bool told_up;   /* the run was told to start, and no status says yet what came of that */
        bool told_down; /* s6 was about to start the run, which was told not to begin, and that may be unread */
        bool idle; /* a logger whose gateway has not begun yet: it is not wanted, and its down file says so */
        struct signals signals;
        bool signalled;    /* its last process ended by one of these signals */
        int64_t kill_msec; /* by clock_msec(): when the process that was told to end is killed; 0: never */
        enum send_error send_error;
};

void run_init(struct run *run, struct service *service, const struct run_owner *owner, struct control control,
              struct brake *brake);
void run_deinit(struct run *run);

/* A control_place's callback `delivered`: the control's order and its signal are no longer on their way. */
void run_delivered(struct control *control);

/* Is a process of the run's own (not its finish script) running? */
bool run_is_alive(const struct run *run);
pid_t run_pid(const struct run *run); /* of that process; 0: there is none */

/* Has the process lived long enough to count as up (settle_msec 0: at once), or, where it says so itself, is
 * it ready? */
bool run_is_settled(const struct run *run, int64_t settle_msec);

/* Was the process told to end, or is it to be told? */
bool run_is_to_end(const struct run *run);

/* The facts that goal.h and brake.h judge the run by. */
struct seen run_seen(const struct run *run, int64_t settle_msec);

/* Reads the run's status, and whether somebody supervises it. 0, or a negative errno where that could not be
 * seen. The owner's callbacks come before this returns. */
int run_see(struct run *run);

/* The same after a living s6-supervise has written a status: only that is read, but where it cannot be,
 * run_see() is called. */
int run_see_status(struct run *run);

/* Sends letters to the run's s6-supervise. False: they were not taken; send_error says why, where there is an
 * s6-supervise. */
bool run_send(struct run *run, const char *letters);

/* Sends the letters of an order, and notes what the run is told by them. */
bool run_order(struct run *run, const char *letters);

/* Sets a goal, which overtakes the one before. */
void run_set_goal(struct run *run, enum goal_kind kind, pid_t replace);

/* Sends what is due: signals that were ordered, and a KILL where the time to end is over. False: no signal
 * that was ordered was sent, whether or not the KILL was. */
bool run_send_due(struct run *run);

/* In how many milliseconds the KILL is due; INT64_MAX: none is. */
int64_t run_kill_wait_msec(const struct run *run);

/* How the run that run->status shows ended, by what came next, `now`. Not known behind another s6-supervise, which
 * knows nothing of it. */
struct ending run_ending(const struct run *run, const struct s6_status *now);

/* Was the end that `now` shows ordered by a signal? */
bool run_is_signalled(const struct run *run, const struct s6_status *now);

/* Looks whether the run's process is at work; run_halt() says what has lasted of that. */
void run_see_halt(struct run *run);
enum halt run_halt(const struct run *run);
enum process_kind run_process(const struct run *run);

/* Does an order lie in the FIFO that the run's s6-supervise has not read for msec, or was the FIFO full?
 * ordered: false where nothing was ordered that could lie there. */
bool run_is_unread(const struct run *run, bool ordered, int64_t msec);

#endif
