/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_GOAL_H
#define JUDGE_GOAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Judges an order by what the status file shows. Pure: what was asked x what is seen -> what to do. No order
 * is ever taken as done because it was sent.
 */
enum goal_kind {
        GOAL_NONE,
        GOAL_UP,
        GOAL_DOWN,
};

/* What the broker has told a run, which is noted since a TERM leaves no trace in the status file. */
enum told {
        TOLD_NOTHING,
        TOLD_RESTART, /* TERM, and the run is wanted up afterwards */
        TOLD_DOWN,    /* TERM, and the run is not wanted */
};

struct goal {
        enum goal_kind kind;
        pid_t replace;     /* GOAL_UP: a run with this pid must end first (restart); 0: none */
        int64_t base_usec; /* GOAL_UP: since_usec when ordered; down with another stamp means it ran and died
                            */
        unsigned kill_after_msec; /* a run that lasts so long after it was told to end is killed; 0: never */
};

struct seen {
        bool supervised;
        bool finishing;
        bool paused;
        bool stands;  /* paused by an order that is later than the goal's */
        bool want_up; /* s6-supervise wants the run up, as far as it announces that */
        bool settled; /* alive for long enough, or ready */
        bool barred;  /* what runs may go on, but nothing begins here: the slot is to be made anew first */
        pid_t pid;    /* of run or of finish; 0: down */
        int64_t since_usec;
        enum told told; /* what this very pid was told */
        bool told_up;   /* s6-supervise was told to start, and no status says yet what came of that */
        bool told_down; /* the same of one that was about to start, and was told not to */
};

enum goal_verdict {
        GOAL_DONE,
        GOAL_SEND, /* *letters are to be sent to s6-supervise, and the next status is to be looked at */
        GOAL_WAIT,
        GOAL_FAILED, /* the run began and ended, and s6 does not try again */
};

/* Judges the goal. *letters: s6-supervise's command letters, a static string; set with GOAL_SEND only. */
enum goal_verdict goal_judge(const struct goal *goal, const struct seen *seen, const char **letters);

#endif
