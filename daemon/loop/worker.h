/* SPDX-License-Identifier: ISC */
#ifndef LOOP_WORKER_H
#define LOOP_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* One thread of a deputy (deputy.h), and what it is given. */
struct deputy_job {
        void (*work)(struct deputy_job *job); /* in a thread */
        /* In the loop, once; not called where the deputy is closed before. late: the job's time is over, and
         * a thread may still work on it, so of what `work` writes only atomic variables may be looked at. */
        void (*done)(struct deputy_job *job, bool late);
        /* Frees what `work` allocated: in a thread (in deputy_close(), in the loop), after `done` and `work`,
         * or where the end of the process came before `work`. NULL, or `is_clear`: nothing to free. */
        void (*clear)(struct deputy_job *job);
        /* In the loop, last of all, once: the deputy has no further use for the job. NULL: the job is its
         * owner's again when `done` begins, and has neither `clear` nor a deadline. */
        void (*drop)(struct deputy_job *job);
        /* In the loop: may the job begin? False holds its lane up until something else is done. NULL: yes. */
        bool (*may_begin)(const struct deputy_job *job);
        /* In the loop, as `first` begins: shall `job`, the next of its lane, be worked with it as one? Then
         * `job` is linked behind it by `next`, and `work` is called for `first` alone, `done` and `drop` for
         * each. NULL: each is worked by itself. */
        bool (*joins)(struct deputy_job *first, struct deputy_job *job);
        const char *subject;  /* what a job that hangs is said to hang on; NULL: nothing in particular */
        int64_t timeout_msec; /* to begin, and again to end; 0: none. Waiting for a job that hangs is free */
        unsigned lane;
        bool is_clear; /* the thread's: set by `work`, which has left nothing that `clear` would free */

        /* The loop's. next: in a lane's queue, of jobs that are worked as one, or that are to be cleared. */
        struct deputy_job *next;
        int64_t deadline_msec;
        bool begun;
        bool late;
        /* The number of its thread: tells `work` apart jobs that are under way at the same time. */
        unsigned worker;
};

/* What all threads of a deputy have in common. */
struct crew {
        uid_t uid;
        gid_t gid;
        bool switches;   /* the threads have another identity than the process */
        bool signals;    /* the jobs use identity_signal() */
        int finished_fd; /* an eventfd: rung by a thread that has finished, or has its identity */
        atomic_bool ending;
};

enum handover {
        WORKER_IDLE,
        WORKER_GIVEN,    /* the thread's turn */
        WORKER_FINISHED, /* the loop's turn */
};

struct worker {
        struct crew *crew;
        pthread_t thread;
        unsigned number;
        int wake_fd;
        atomic_int handover; /* enum handover: whose turn it is with `job` and `trash` */
        struct deputy_job *job;
        struct deputy_job *trash; /* to be cleared before the job is worked */
        atomic_bool ready;        /* it has its identity, or has failed to take it */
        atomic_int failure;       /* why it has no identity: errno; 0: none */
        atomic_bool spoiled;      /* somebody has changed how the thread is scheduled */
        bool lost;                /* the loop's: its job is late */
        bool retired;             /* the loop's: it gets no work */
};

/* Starts the worker's thread. 0 or a negative errno. */
int worker_start(struct worker *worker, struct crew *crew, unsigned number);

bool worker_is_idle(const struct worker *worker);

/* Gives an idle worker a job (NULL: none), and the jobs that are to be cleared before. */
void worker_give(struct worker *worker, struct deputy_job *job, struct deputy_job *trash);

/* Wakes the worker's thread, as worker_give() does. */
void worker_wake(const struct worker *worker);

/* Calls `clear` of each job of a list. */
void worker_clear(struct deputy_job *trash);

#endif
