/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_BRAKE_H
#define JUDGE_BRAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/judge/backoff.h"
#include "daemon/judge/goal.h"

/*
 * The soft brake of a run, a gateway's or a logger's. When the run has gone down though it is wanted, and s6
 * no longer wants it, the run waits, longer each time, and is tried again by a single run (`o`), so that one
 * try is not a burst of five. Pure: what is wanted x recorded x seen x the clock -> what to do, and when to
 * look again.
 */
enum hold {
        HOLD_NONE,    /* the run may begin */
        HOLD_BACKOFF, /* the run is tried again at next_start_usec; 0: a single run is under way */
        HOLD_FAILED,  /* only a person's start tries again */
        HOLD_HELD,    /* the run is kept down on purpose; at next_start_usec, if set, its lock is looked at */
};

struct brake {
        enum hold hold;
        unsigned attempt;        /* how often the run was braked since it was healthy; 0: never */
        int64_t next_start_usec; /* UTC; 0: the run does not wait */
        int64_t restarts;        /* how often the run began again after an end that nobody ordered */
};

/* The single run that was ordered, which is not recorded. */
struct brake_try {
        /* since_usec of the status when the single run was ordered: any other stamp shows that it has run and
         * ended; 0: another broker ordered it */
        int64_t base_usec;
        int64_t until_msec; /* by the clock that only goes forward: s6-supervise begins at once, or never */
};

/* What the last exit says, where the contract gives words to exit codes. */
enum brake_word {
        WORD_NONE,          /* the code says nothing, as that of a logger */
        WORD_RESTART_ME,    /* 75: the gateway asks to be started again, which is free within a budget */
        WORD_CONFIGURATION, /* 78: no try helps until a person has mended the configuration */
        WORD_ELSEWHERE,     /* 69, the template's: another container on the volume runs the gateway */
};

/* Is there a reason that the run shall not begin now, whatever is wanted? */
enum brake_bar {
        BAR_NONE,     /* there is none */
        BAR_NEW,      /* there is one */
        BAR_RECORDED, /* there is one, and the run is held for that reason already */
};

struct brake_facts {
        bool wanted;  /* a gateway by its record; a logger from its gateway's first start on */
        bool ordered; /* an order is recorded that s6-supervise does not have yet: the brake waits for it */
        enum brake_word word;
        enum brake_bar bar;
        struct brake_try once;
        bool signalled; /* the last run ended by a signal that a person ordered, and its end does not count */
        bool lock_is_free; /* the run was held for its lock, which is free by now */
        int64_t asked;     /* how often the run ended with WORD_RESTART_ME lately; -1: not counted yet */
        int64_t now_usec;  /* UTC */
        int64_t now_msec;  /* by the clock that only goes forward */
};

enum brake_verdict {
        BRAKE_STAY,      /* there is nothing to do */
        BRAKE_HOLD,      /* the run is to be held for what bars it */
        BRAKE_KEEP,      /* the run is held, but s6 is about to start it: s6-supervise is to be told again */
        BRAKE_DELAY,     /* the run has ended again, and is to wait */
        BRAKE_FAIL,      /* the run has ended with a configuration error */
        BRAKE_ELSEWHERE, /* the gateway runs in another container */
        BRAKE_LOOK,      /* it is time to look whether the gateway still runs there */
        BRAKE_TRY,       /* the run has waited: a single run is to be ordered */
        BRAKE_COUNT,     /* the verdict depends on `asked`, which is to be counted */
        BRAKE_GRANT,     /* the run gets another one at once: it has asked for that, or a person ended it */
        BRAKE_RELEASE, /* the run has lasted long enough: s6 shall want it again, and failures are history */
};

/* Judges the run. *wait_msec: how long the verdict holds; INT64_MAX: until something else is seen. */
enum brake_verdict brake_judge(const struct brake *brake, const struct seen *seen,
                               const struct brake_facts *facts, const struct backoff *backoff,
                               int64_t *wait_msec);

/* May the run begin now: is it not held back, or is a single run under way? */
bool brake_lets_run(const struct brake *brake);

/* Ends what holds the run back; the counts stay. */
void brake_let_go(struct brake *brake);

/* Makes the run wait, after it has lasted for ran_msec. Returns for how many milliseconds. */
int64_t brake_delay(struct brake *brake, const struct backoff *backoff, int64_t ran_msec, int64_t now_usec);

/* Sets when to look again at what the run is held for. */
void brake_look_later(struct brake *brake, const struct backoff *backoff, int64_t now_usec);

/* Notes in the brake that a single run is under way, and returns that try. */
struct brake_try brake_begin_try(struct brake *brake, int64_t since_usec, int64_t now_msec);

#endif
