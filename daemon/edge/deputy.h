#ifndef EDGE_DEPUTY_H
#define EDGE_DEPUTY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <uv.h>

#include "daemon/bounds.h"
#include "daemon/edge/identity.h"
#include "daemon/edge/timer.h"

/*
 * Threads that do what may take as long as the client likes: whatever touches its files, with its file-system
 * identity (identity.h), or signals its processes. The loop gives a thread one job and never waits for it.
 *
 * Jobs stand in lanes. Those of one lane are worked one after the other, in their order; lanes do not wait
 * for each other. A job that is not done when its time is over is late: it keeps its thread, which is
 * replaced, so that the lane goes on; of the DEPUTY_LOST_MOST (or fewer) that a lane may lose the last is not
 * replaced, and the lane is stuck until one of them comes back.
 *
 * The loop and the threads share no lock: all lists are the loop's, and a job is handed over by one atomic
 * variable and an eventfd. Nor do they share allocations: what `work` allocates is freed by `clear`, in a
 * thread, since free(3) takes the lock of the thread that allocated. For the same reason `work` and `clear`
 * must not use what has a lock in the C library: stdio's fopen(), the time zone's functions, locales (and so
 * json-c), and the log.
 */
#define DEPUTY_LANES 4

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
        const char *subject;  /* what a job that hangs is said to hang on; NULL: nothing in particular */
        int64_t timeout_msec; /* since deputy_run(); 0: none */
        unsigned lane;

        /* The loop's. */
        struct deputy_job *next; /* in a lane's queue, or of what is to be cleared */
        int64_t deadline_msec;
        bool begun;
        bool late;
        /* The thread's: tells jobs that are under way at the same time apart. */
        unsigned worker;
};

enum handover {
        WORKER_IDLE,
        WORKER_GIVEN,    /* the thread's turn */
        WORKER_FINISHED, /* the loop's turn */
};

struct deputy_worker {
        struct deputy *deputy;
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

struct deputy_lane {
        struct deputy_job *queue; /* oldest first */
        struct deputy_job *running;
        unsigned lost;
        unsigned lost_most; /* so many may hang; then the last of them keeps the lane */
};

struct deputy {
        uid_t uid;
        gid_t gid;
        bool switches; /* another identity than the process's */
        bool signals;  /* identity_signal() is used by its jobs */
        bool started;
        bool abandoned; /* deputy_close() left one where it hangs: the process ends without exit handlers */
        int finished_fd;
        uv_poll_t finished;
        struct timer overseer; /* of deadlines */
        struct deputy_lane lanes[DEPUTY_LANES];
        struct deputy_job *trash; /* done, and to be cleared by the next thread that is free */
        struct deputy_worker workers[DEPUTY_WORKERS_MOST];
        unsigned count; /* of workers */
        unsigned spoiled;
        bool no_thread; /* one could not be made: tried again in a moment */
        atomic_bool ending;
};

/*
 * Starts `threads` of them and waits until they have their identity (`switches` false: until they run). 0 or a
 * negative errno; then there is none. What `*deputy` held before is overwritten.
 */
int deputy_open(struct deputy *deputy, uv_loop_t *loop, uid_t uid, gid_t gid, bool switches, bool signals,
                unsigned threads);

/*
 * Ends the threads and drops what was not done. A job that is worked is let end for a moment; one that hangs
 * keeps its thread, which goes with the process.
 */
void deputy_close(struct deputy *deputy);

/* Calls nothing of the job's before it returns. */
void deputy_run(struct deputy *deputy, struct deputy_job *job);

/* The lane may lose so many, from 1 to DEPUTY_LOST_MOST. */
void deputy_limit_lane(struct deputy *deputy, unsigned lane, unsigned most);

/* So many jobs of the lane hang that others would wait for it in vain. */
bool deputy_is_stuck(const struct deputy *deputy, unsigned lane);

/* Does a job with that subject hang? */
bool deputy_hangs_on(const struct deputy *deputy, const char *subject);

/* The subjects that jobs hang on, one a call: `*at` is 0 at first. NULL: no more. */
const char *deputy_next_hung(const struct deputy *deputy, unsigned *at);

#endif
