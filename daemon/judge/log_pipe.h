/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_LOG_PIPE_H
#define JUDGE_LOG_PIPE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/judge/ending.h"

/*
 * The pipe between a gateway and its logger is s6-svscan's, which keeps both its ends open: so a logger never
 * sees the end of its input as long as its slot exists. s6-svscan of s6 2.12 to 2.15 forgets one of the two
 * supervisors when the name leads elsewhere for a while, and finds the other one again. Then what the gateway
 * prints goes to the container's log, or nowhere. Either the pipe is closed, and the logger ends by itself,
 * with 0, as often as it is begun; or the logger reads from a pipe that nobody writes into, as the
 * descriptors of the two show. Only new supervisors of both get another pipe. Pure: callers pass the time, by
 * the clock that only goes forward.
 */
enum piped {
        PIPED_UNKNOWN,  /* the descriptors cannot be seen */
        PIPED_TOGETHER, /* the logger reads what the gateway prints */
        PIPED_APART,    /* the logger does not read what the gateway prints */
};

struct log_pipe {
        bool apart;         /* by the last look at the descriptors that could see them */
        unsigned ends;      /* of the logger, one after the other, that say that the pipe is closed */
        int64_t since_msec; /* when the slot was last begun to be made anew */
        int64_t next_msec;  /* the slot is not made anew before this time */
        int64_t pause_msec; /* the last pause until next_msec; 0: there was none, or all is well since */
};

/* Takes an end of the logger that nobody ordered. */
void log_pipe_ended(struct log_pipe *log_pipe, const struct ending *ending, int64_t lasted_msec);

/* Takes the last end of a logger that is braked after as many tries, whose ends were not all seen. */
void log_pipe_braked(struct log_pipe *log_pipe, const struct ending *ending);

/* Takes how long the logger has run: in the end that says that the logger reads something.
 * log_pipe_left_msec(): in how many milliseconds that will be; INT64_MAX: nothing depends on it. */
void log_pipe_runs(struct log_pipe *log_pipe, int64_t age_msec);
int64_t log_pipe_left_msec(const struct log_pipe *log_pipe, int64_t age_msec);

/* Takes what the descriptors of a gateway and its logger, both running, were seen to say. */
void log_pipe_seen(struct log_pipe *log_pipe, enum piped piped);

bool log_pipe_is_lost(const struct log_pipe *log_pipe);

/* Is the pipe lost, and may the slot be made anew as soon as nobody runs in it? */
bool log_pipe_is_due(const struct log_pipe *log_pipe, int64_t now_msec);

/* Note that the slot is being made anew, after which a pause follows that doubles; or that it cannot be made
 * anew now, and is to be tried again after REVIVAL_FIRST_MSEC. */
void log_pipe_begin(struct log_pipe *log_pipe, int64_t now_msec);
void log_pipe_later(struct log_pipe *log_pipe, int64_t now_msec);

/* Forgets what was seen of the old pipe: there is another one. */
void log_pipe_renewed(struct log_pipe *log_pipe);

#endif
