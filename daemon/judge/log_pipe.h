/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_LOG_PIPE_H
#define JUDGE_LOG_PIPE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/judge/ending.h"

/*
 * The pipe between a gateway and its logger is s6-svscan's, which keeps both its ends open: so a logger never
 * sees the end of its input as long as there is its slot. s6-svscan of s6 2.12 to 2.15 forgets one of the two
 * supervisors when the name leads elsewhere for a while, and finds the other one again. Then what the gateway
 * prints goes to the container's log, or nowhere. Either the pipe is closed, and the logger ends by itself,
 * with 0, as often as it is begun; or it reads on what nobody writes, which the descriptors of the two say.
 * Only new supervisors of both get another pipe. Pure: the clock is told, the one that only goes forward.
 */
enum piped {
        PIPED_UNKNOWN,  /* that cannot be seen */
        PIPED_TOGETHER, /* the one reads what the other prints */
        PIPED_APART,    /* it does not */
};

struct log_pipe {
        bool apart;         /* as its last gateway was seen that told it */
        unsigned ends;      /* of the logger, one after the other, that say so */
        int64_t since_msec; /* the slot is being made anew */
        int64_t next_msec;  /* it is not made anew before */
        int64_t pause_msec; /* until then, the last time; 0: it never was */
};

/* A run of the logger is over, and nobody had ordered that. */
void log_pipe_ended(struct log_pipe *log_pipe, const struct ending *ending, int64_t lasted_msec);

/* It is braked, after as many tries, and that is how it ended last. */
void log_pipe_braked(struct log_pipe *log_pipe, const struct ending *ending);

/* A run of it has lasted for so long: in the end that says that it reads something. In how many milliseconds
 * it would; INT64_MAX: nothing depends on it. */
void log_pipe_runs(struct log_pipe *log_pipe, int64_t age_msec);
int64_t log_pipe_left_msec(const struct log_pipe *log_pipe, int64_t age_msec);

/* As a gateway and its logger were seen, which both ran. */
void log_pipe_seen(struct log_pipe *log_pipe, enum piped piped);

bool log_pipe_is_lost(const struct log_pipe *log_pipe);

/* It is lost, and the slot may be made anew, as soon as nobody runs in it. */
bool log_pipe_is_due(const struct log_pipe *log_pipe, int64_t now_msec);

/* It is being made anew, or cannot be now; again after a pause that doubles. */
void log_pipe_begin(struct log_pipe *log_pipe, int64_t now_msec);
void log_pipe_later(struct log_pipe *log_pipe, int64_t now_msec);

/* There is another one. */
void log_pipe_renewed(struct log_pipe *log_pipe);

#endif
