/* SPDX-License-Identifier: ISC */
#ifndef LOOP_DEPUTY_H
#define LOOP_DEPUTY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <uv.h>

#include "daemon/bounds.h"
#include "daemon/loop/timer.h"
#include "daemon/loop/worker.h"

/*
 * Threads that do what may take as long as the client likes: whatever touches its files, with its file-system
 * identity (identity.h), or signals its processes. The loop gives a thread one job and never waits for it.
 *
 * Jobs stand in lanes. Those of one lane are worked one after the other, in their order; lanes do not wait
 * for each other. A job that is not done when its time is over is late: it keeps its thread, which is
 * replaced, so that the lane goes on; of the DEPUTY_LOST_MOST threads (or fewer: deputy_limit_lane()) that a
 * lane may lose, the last is not replaced, and the lane is stuck until one of them comes back.
 *
 * The loop and the threads share no lock: all lists are the loop's, and a job is handed over by one atomic
 * variable and an eventfd. Nor do they share allocations: what `work` allocates is freed by `clear`, in a
 * thread, since free(3) takes the lock of the thread that allocated. For the same reason `work` and `clear`
 * must not use what has a lock in the C library: stdio's fopen(), the time zone's functions, locales (and so
 * json-c), and the log.
 */
#define DEPUTY_LANES 5

struct deputy_lane {
        struct deputy_job *queue; /* oldest first */
        struct deputy_job *running;
        unsigned lost;      /* threads whose job is late */
        unsigned lost_most; /* so many threads may hang, the last of which keeps the lane */
};

struct deputy {
        struct crew crew;
        bool started;
        bool abandoned; /* deputy_close() left a thread that hangs: the process ends without exit handlers */
        uv_poll_t finished;
        struct timer overseer; /* expires at the next deadline */
        struct deputy_lane lanes[DEPUTY_LANES];
        struct deputy_job *trash; /* jobs that are done, to be cleared by the next thread that is free */
        struct worker workers[DEPUTY_WORKERS_MOST];
        unsigned count;   /* of workers */
        unsigned spoiled; /* workers that were retired since their scheduling was changed */
        bool collecting; /* jobs that are run meanwhile begin behind that, with what is to be cleared by then */
        bool no_thread; /* a thread that is needed could not be made: tried again in a moment */
};

/*
 * Starts so many threads and waits until they have the identity of uid and gid (`switches` false: until they
 * run, with the process's). signals: their jobs use identity_signal(). 0 or a negative errno; then there are
 * no threads. What `*deputy` held before is overwritten.
 */
int deputy_open(struct deputy *deputy, uv_loop_t *loop, uid_t uid, gid_t gid, bool switches, bool signals,
                unsigned threads);

/*
 * Ends the threads and drops the jobs that were not done. A job that is being worked has DEPUTY_END_MSEC to
 * end; one that hangs keeps its thread, which ends with the process.
 */
void deputy_close(struct deputy *deputy);

/*
 * Puts the job at the end of its lane. Its `may_begin` and `joins` may be called, and `work` may begin in a
 * thread, before this returns; `done` and `drop` are called later.
 */
void deputy_run(struct deputy *deputy, struct deputy_job *job);

/* Says how many threads the lane may lose, from 1 to DEPUTY_LOST_MOST. */
void deputy_limit_lane(struct deputy *deputy, unsigned lane, unsigned most);

/* Do so many jobs of the lane hang that others would wait in vain? */
bool deputy_is_stuck(const struct deputy *deputy, unsigned lane);

/* Does a job with that subject hang? */
bool deputy_hangs_on(const struct deputy *deputy, const char *subject);

/* Returns the subjects that jobs hang on, one a call; `*at` is 0 at first. NULL: there are no more. */
const char *deputy_next_hung(const struct deputy *deputy, unsigned *at);

#endif
