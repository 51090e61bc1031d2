/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_TROUBLE_H
#define JUDGE_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/judge/brake.h"

/*
 * What of a service somebody should see to. Pure: what is wanted x recorded x seen x for how long -> a
 * trouble or none. Health, Diagnose, Service.problem, and so every list of a client, are this answer.
 */

/* On the way from one state to another. Each step has a bound, after which it is a trouble of its own. */
enum step {
        STEP_NONE,    /* as it is it may stay */
        STEP_PROCESS, /* s6 is to start it, and there is no process yet */
        STEP_READY,   /* there is one, which does not count as up yet */
        STEP_END,     /* it was told to end, or is to be told, and runs */
        STEP_FINISH,  /* its finish script runs */
};
#define STEP_KINDS 5

/* How long each step may take, in milliseconds, until it is a problem; by enum step. */
struct patience {
        int64_t msec[STEP_KINDS];
};

enum process_kind {
        PROCESS_NONE,
        PROCESS_RUN,
        PROCESS_FINISH,
};

/* A run that does nothing, though s6-supervise takes it for one that runs. */
enum halt {
        HALT_NONE,
        HALT_PAUSED,  /* by s6-svc -p: s6-supervise knows */
        HALT_STOPPED, /* by a SIGSTOP of somebody else */
        HALT_ENDED,   /* its process has ended, and the status is stale: nobody has seen to that */
};

/* Of a run, with what is wanted of it. A logger is judged by the same rules: it is wanted from its gateway's first start on,
 * is never ordered, and is braked like a gateway. */
struct situation {
        bool gateway; /* or its logger; else a static service, which is wanted as s6 has it, and has no record */
        bool want_up;
        enum hold hold;
        bool given_up; /* its finish script gave it up, and nobody brakes it, who would start it again: a static service's */
        bool served;    /* HOLD_HELD: the default gateway serves its profile, as it is to */
        bool retried;   /* HOLD_BACKOFF: a single try of the soft brake is under way */
        bool ordered;   /* an order was recorded, and is not s6-supervise's yet */
        bool starting;  /* it was told to start, and is not up yet */
        bool queued;    /* it waits for its turn after a boot */
        bool operation; /* it is being registered or removed, which has deadlines of its own up to the end of
                           a run */
        bool supervised;
        enum process_kind process;
        bool to_end;  /* the run was told to end, or is to be */
        bool settled; /* the run counts as up */
        enum halt halt;
        bool unread; /* orders lie in the FIFO of its s6-supervise, or of its logger's */
};

/* As in the interface. */
enum service_state {
        STATE_DOWN,         /* it is not wanted, and does not run */
        STATE_STARTING,     /* it runs and does not count as up yet, or is about to run */
        STATE_UP,           /* it runs, and has for long enough, or says that it is ready */
        STATE_STOPPING,     /* it runs, and was told to end, or is to be told: whatever is to follow */
        STATE_FINISHING,    /* its finish script runs */
        STATE_BACKOFF,      /* it ended though it is wanted, and is started again after a pause */
        STATE_FAILED,       /* it ended though it is wanted, and nobody starts it again */
        STATE_HELD,         /* it is kept down on purpose */
        STATE_UNSUPERVISED, /* no s6-supervise runs for it */
};
#define SERVICE_STATES 9

enum trouble {
        TROUBLE_NONE,
        TROUBLE_UNSUPERVISED,
        TROUBLE_FAILED,
        TROUBLE_BACKOFF,
        TROUBLE_HELD,
        TROUBLE_UNREAD,
        TROUBLE_NOT_STARTED,
        TROUBLE_NOT_READY,
        TROUBLE_NOT_ENDED,
        TROUBLE_NOT_FINISHED,
        TROUBLE_PAUSED,
        TROUBLE_STOPPED,
        TROUBLE_STALE,
        TROUBLE_UNWANTED, /* a gateway runs that is not wanted, and nothing is under way */
        TROUBLE_LOGGER,   /* of its logger only: its own trouble says which */
        TROUBLE_LOG,      /* its logger does not write in its directory: locks.h */
        TROUBLE_LOCK,     /* it runs without its lock */
        TROUBLE_PIPE,     /* its logger does not get what it prints: log_pipe.h */
};
#define TROUBLES 18

enum step trouble_step(const struct situation *situation);

/* late: its step has lasted for longer than its bound. */
enum trouble trouble_judge(const struct situation *situation, bool late);

/* The word of the interface; NULL for TROUBLE_NONE. */
const char *trouble_name(enum trouble trouble);

/* What was ordered does not come about, or what runs does not work, and no state says so by itself. */
bool trouble_is_stuck(enum trouble trouble);

/* What its state is called. */
enum service_state state_judge(const struct situation *situation);

/* As the interface names it. */
const char *service_state_name(enum service_state state);

#endif
