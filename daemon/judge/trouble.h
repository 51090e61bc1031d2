/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_TROUBLE_H
#define JUDGE_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/judge/brake.h"

/*
 * Judges whether somebody should see to a service. Pure: what is wanted x recorded x seen x for how long -> a
 * trouble or none. Health, Diagnose, Service.problem, and so every list of a client, are this answer.
 */

/* Steps of a run from one state to another. Each has a bound, after which it is a trouble of its own. */
enum step {
        STEP_NONE,    /* the run may stay as it is */
        STEP_PROCESS, /* s6 is to start the run, and there is no process yet */
        STEP_READY,   /* there is a process, which does not count as up yet */
        STEP_END,     /* the process was told to end, or is to be told, and still runs */
        STEP_FINISH,  /* the finish script runs */
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

/* Why a process does nothing, though s6-supervise takes it for one that runs. */
enum halt {
        HALT_NONE,
        HALT_PAUSED,  /* s6-svc -p paused it: s6-supervise knows */
        HALT_STOPPED, /* somebody else's SIGSTOP stopped it */
        HALT_ENDED,   /* it has ended, and s6-supervise has not seen that: the status is stale */
};

/* The situation of a run, with what is wanted of it. A logger is judged by the same rules: it is wanted from
 * its gateway's first start on, is never ordered, and is braked like a gateway. */
struct situation {
        bool gateway; /* or its logger; else a static service, which is wanted as s6 has it, and has no record */
        bool want_up;
        enum hold hold;
        bool given_up;  /* a static service's finish script gave it up, and no brake starts it again */
        bool served;    /* HOLD_HELD: the default gateway serves its profile, as it is to */
        bool retried;   /* HOLD_BACKOFF: a single try of the soft brake is under way */
        bool ordered;   /* an order was recorded, and s6-supervise does not have it yet */
        bool starting;  /* the run was told to start, and is not up yet */
        bool queued;    /* the start waits for its turn after a boot */
        bool operation; /* the slot is being registered or removed, which has deadlines of its own up to the
                           end of a run */
        bool supervised;
        enum process_kind process;
        bool to_end;  /* the process was told to end, or is to be told */
        bool settled; /* the process counts as up */
        enum halt halt;
        bool unread; /* orders lie unread in the FIFO of its s6-supervise, or of its logger's */
};

/* The states of a service, as in the interface. */
enum service_state {
        STATE_DOWN,         /* the service is not wanted, and does not run */
        STATE_STARTING,     /* the service runs and does not count as up yet, or is about to run */
        STATE_UP,           /* the service has run for long enough, or says that it is ready */
        STATE_STOPPING,     /* the service runs, and was told to end, or is to be, whatever follows */
        STATE_FINISHING,    /* the finish script runs */
        STATE_BACKOFF,      /* the service ended though it is wanted, and starts again after a pause */
        STATE_FAILED,       /* the service ended though it is wanted, and only a person starts it */
        STATE_HELD,         /* the service is kept down on purpose */
        STATE_UNSUPERVISED, /* no s6-supervise runs for the service */
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
        TROUBLE_LOGGER,   /* only the logger has a trouble: log_trouble (view.h) says which */
        TROUBLE_LOG,      /* the logger does not write in its directory: locks.h */
        TROUBLE_LOCK,     /* the gateway runs without its lock */
        TROUBLE_PIPE,     /* the logger does not get what the gateway prints: log_pipe.h */
};
#define TROUBLES 18

enum step trouble_step(const struct situation *situation);

/* late: the step has lasted for longer than its bound. */
enum trouble trouble_judge(const struct situation *situation, bool late);

/* The interface's word for a trouble; NULL for TROUBLE_NONE. */
const char *trouble_name(enum trouble trouble);

/* Does an order not come about, or what runs not work, without a state that says so by itself? */
bool trouble_is_stuck(enum trouble trouble);

/* The state of a service in that situation. */
enum service_state state_judge(const struct situation *situation);

/* The interface's word for a state. */
const char *service_state_name(enum service_state state);

#endif
