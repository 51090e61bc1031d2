#ifndef EDGE_DEPUTY_H
#define EDGE_DEPUTY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <uv.h>

#include "daemon/edge/timer.h"

/*
 * One thread that acts as the client user: whatever it is told to do is done with that user's power and
 * nobody else's. Its effective ids are the client's; real and saved ids stay root's, since kill(2) and
 * prlimit(2) take a thread's id and look at that thread's ids: with all three the client's, the client could
 * kill the broker through it. It has no capabilities. The loop never waits for it.
 */
struct deputy_job {
        void (*work)(struct deputy_job *job); /* in the deputy */
        /*
         * In the loop, once. late false: it was worked, and is the loop's again. late true: its time is over;
         * it is the deputy's, which may still be at it, and ends with `drop`.
         */
        void (*done)(struct deputy_job *job, bool late);
        void (*drop)(
                struct deputy_job *job); /* in the loop; after a late done, or unworked at deputy_close() */
        int64_t timeout_msec;            /* 0: none */

        struct deputy_job *next;      /* the deputy's: in queue or finished */
        struct deputy_job *next_open; /* the loop's: not done yet */
        int64_t deadline_msec;
        bool late;
};

struct deputy {
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t wanted;
        uv_async_t finished_signal;
        struct deputy_job *open;  /* the loop's: not done yet */
        struct timer overseer;    /* of deadlines */
        struct deputy_job *queue; /* to do, oldest first */
        struct deputy_job *at_work;
        struct deputy_job *finished; /* done, oldest first */
        uid_t uid;
        gid_t gid;
        bool switches; /* another identity than the process's */
        bool started;
        bool ending;
        bool abandoned; /* deputy_close() left it where it hangs: the process ends without exit handlers */
        int failure;    /* errno of becoming the client, 0: none; valid once deputy_open() returned */
        bool ready;
};

/*
 * Starts the thread and waits until it is the client (`switches` false: until it runs). 0 or a negative
 * errno; then there is no thread.
 */
int deputy_open(struct deputy *deputy, uv_loop_t *loop, uid_t uid, gid_t gid, bool switches);

/*
 * Ends the thread and drops what was not done. A job that runs is let end for a moment; one that hangs keeps
 * its thread, which goes with the process.
 */
void deputy_close(struct deputy *deputy);

void deputy_run(struct deputy *deputy, struct deputy_job *job);

/* A job has been at work for longer than it had time: others would wait for it in vain. */
bool deputy_is_stuck(const struct deputy *deputy);

#endif
