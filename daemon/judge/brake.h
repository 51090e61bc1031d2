/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_BRAKE_H
#define JUDGE_BRAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/judge/backoff.h"
#include "daemon/judge/goal.h"

/*
 * The soft brake of a run, a gateway's or a logger's. It goes down though it is wanted, and s6 does not want it any
 * more: then it waits, longer each time, and is tried again by a single run (`o`), so that one try is not a burst of
 * five. Pure: what is wanted x recorded x seen x the clock -> what to do, and when to look again.
 */
enum hold {
        HOLD_NONE,    /* it may run */
        HOLD_BACKOFF, /* it is tried again at next_start_usec; 0: a single run is under way */
        HOLD_FAILED,  /* only a person's start tries again */
        HOLD_HELD, /* it is kept down on purpose; with next_start_usec it is looked then whether it may run */
};

struct brake {
        enum hold hold;
        unsigned attempt;        /* how often it was braked since it was healthy; 0: never */
        int64_t next_start_usec; /* UTC; 0: it does not wait */
        int64_t restarts;        /* how often it began again after an end that nobody ordered */
};

/* The single run, which is not recorded. */
struct brake_try {
        /* since_usec of the status when it was ordered: another stamp says that it was; 0: by another broker */
        int64_t base_usec;
        int64_t until_msec; /* by the clock that only goes forward: s6-supervise begins at once, or never */
};

/* What the last exit says, where the contract gives words to exit codes. */
enum brake_word {
        WORD_NONE,          /* nothing, or it is a run whose codes are its own */
        WORD_RESTART_ME,    /* 75: it asks to be started again, which is free within a budget */
        WORD_CONFIGURATION, /* 78: no try helps until a person has mended it */
        WORD_ELSEWHERE,     /* 69, the template's: another container on the volume runs it */
};

/* Whether there is a reason that it shall not run now, whatever is wanted. */
enum brake_bar {
        BAR_NONE,     /* there is none */
        BAR_NEW,      /* there is one */
        BAR_RECORDED, /* there is one, and it is held for that already */
};

struct brake_facts {
        bool wanted;  /* by its record; a logger from its gateway's first start on */
        bool ordered; /* an order is recorded that s6-supervise does not have yet: nothing is lost */
        enum brake_word word;
        enum brake_bar bar;
        struct brake_try once;
        bool signalled; /* the last run ended by a signal that a person ordered, and its end does not count */
        bool lock_is_free; /* it was held for its lock, and that is free by now */
        int64_t asked;     /* how often it ended with WORD_RESTART_ME lately; -1: not counted yet */
        int64_t now_usec;  /* UTC */
        int64_t now_msec;  /* by the clock that only goes forward */
};

enum brake_verdict {
        BRAKE_STAY,      /* there is nothing to do */
        BRAKE_HOLD,      /* it is held for what bars it */
        BRAKE_DELAY,     /* it ended again, and waits */
        BRAKE_FAIL,      /* it ended with a configuration error */
        BRAKE_ELSEWHERE, /* it runs in another container */
        BRAKE_LOOK,      /* it is time to look whether it still does */
        BRAKE_TRY,       /* it has waited: a single run */
        BRAKE_COUNT,     /* that depends on `asked`, which is to be counted */
        BRAKE_GRANT,     /* the single run has asked for another, and gets it */
        BRAKE_RELEASE, /* it has run for long enough: s6 shall want it again, and the failures are history */
};

/* *wait_msec: until that may be different by time alone; INT64_MAX: only when something is seen. */
enum brake_verdict brake_judge(const struct brake *brake, const struct seen *seen,
                               const struct brake_facts *facts, const struct backoff *backoff,
                               int64_t *wait_msec);

/* Should s6 run it now? Not while it is held back, but for a single run. */
bool brake_lets_run(const struct brake *brake);

/* Nothing holds it back any more; what is counted stays. */
void brake_let_go(struct brake *brake);

/* It waits, after a run of ran_msec. For how long: milliseconds. */
int64_t brake_delay(struct brake *brake, const struct backoff *backoff, int64_t ran_msec, int64_t now_usec);

/* What it is held for is looked at again in a while. */
void brake_look_later(struct brake *brake, const struct backoff *backoff, int64_t now_usec);

/* It is tried now. */
struct brake_try brake_begin_try(struct brake *brake, int64_t since_usec, int64_t now_msec);

#endif
