#ifndef JUDGE_TROUBLE_H
#define JUDGE_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/judge/record.h"

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

struct situation {
        bool gateway; /* or a static service, which is wanted as s6 has it, and has no record */
        bool want_up;
        enum hold hold;
        bool given_up;  /* a static service that its finish script gave up: it is wanted, and nobody starts it */
        bool served;    /* HOLD_HELD: the default gateway serves its profile, as it is to */
        bool retried;   /* HOLD_BACKOFF: a single try of the soft brake is under way */
        bool ordered;   /* an order was recorded, and is not s6-supervise's yet */
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
        TROUBLE_LOGGER,   /* of its logger only: logger_trouble() says which */
        TROUBLE_LOG,      /* its logger does not write in its directory: locks.h */
        TROUBLE_LOCK,     /* it runs without its lock */
};
#define TROUBLES 17

enum step trouble_step(const struct situation *situation);

/* late: its step has lasted for longer than its bound. */
enum trouble trouble_judge(const struct situation *situation, bool late);

/* The word of the interface; NULL for TROUBLE_NONE. */
const char *trouble_name(enum trouble trouble);

/* What was ordered does not come about, or what runs does not work, and no state says so by itself. */
bool trouble_is_stuck(enum trouble trouble);

/* Of a logger: wanted as long as there is the slot. Only of a service that is supervised and has no
 * operation. */
struct logger_situation {
        bool supervised;
        bool held;   /* it keeps ending, and waits for its next try */
        bool coming; /* s6 is to start it: STEP_PROCESS */
        bool runs;
        enum halt halt;
};

enum logger_trouble {
        LOGGER_FINE,
        LOGGER_UNSUPERVISED,
        LOGGER_HELD,
        LOGGER_DOWN,
        LOGGER_NOT_STARTED,
        LOGGER_STOPPED,
        LOGGER_STALE,
};

enum logger_trouble trouble_of_logger(const struct logger_situation *situation, bool late);

#endif
