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
        /* In the loop, once; not called where the deputy is closed before. late: its time is over, and the
         * thread may still be at it, so nothing that `work` writes may be looked at but what is atomic. */
        void (*done)(struct deputy_job *job, bool late);
        /* In a thread, behind `done` and `work`, or where the end of the process came before `work`. NULL: nothing
         * to free. */
        void (*clear)(struct deputy_job *job);
        /* In the loop, last of all, once. NULL: it is whose it was again when `done` begins, and it has neither
         * `clear` nor a deadline. */
        void (*drop)(struct deputy_job *job);
        /* In the loop: false holds the lane up, until something else is done. NULL: at any time. */
        bool (*may_begin)(const struct deputy_job *job);
        /* In the loop, as `first` begins: shall this one, the next of its lane, be worked with it as one? Then it is behind
         * it, by `next`, and `work` is called of `first` alone; `done` and `drop` of each. NULL: each is worked by itself. */
        bool (*joins)(struct deputy_job *first, struct deputy_job *job);
        const char *subject; /* what a job that hangs is said to hang on; NULL: nothing in particular */
        int64_t timeout_msec; /* to begin, and again to end; 0: none. What hangs before it in its lane costs it none. */
        unsigned lane;

        /* The loop's. */
        struct deputy_job
                *next; /* in a lane's queue, of what is worked as one, or of what is to be cleared */
        int64_t deadline_msec;
        bool begun;
        bool late;
        /* The thread's: tells jobs that are under way at the same time apart. */
        unsigned worker;
};

/* What all threads of a deputy have in common. */
struct crew {
        uid_t uid;
        gid_t gid;
        bool switches;   /* another identity than the process's */
        bool signals;    /* identity_signal() is used by its jobs */
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
        atomic_int handover; /* of the next two */
        struct deputy_job *job;
        struct deputy_job *trash; /* to be cleared before */
        atomic_bool ready;        /* it has its identity, or has failed to take it */
        atomic_int failure;       /* errno of that; 0: none */
        atomic_bool spoiled;      /* somebody has changed how it is scheduled */
        bool lost;                /* the loop's: its job is late */
        bool retired;             /* the loop's: it gets no work */
};

/* Starts its thread. 0 or a negative errno. */
int worker_start(struct worker *worker, struct crew *crew, unsigned number);

bool worker_is_idle(const struct worker *worker);

/* To one that is idle: a job (NULL: none), and what is to be cleared before it. */
void worker_give(struct worker *worker, struct deputy_job *job, struct deputy_job *trash);

/* Wakes it, as it does when it is given something. */
void worker_wake(const struct worker *worker);

/* Calls `clear` of each. */
void worker_clear(struct deputy_job *trash);

#endif
