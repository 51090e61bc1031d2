/* SPDX-License-Identifier: ISC */
#include "daemon/judge/log_pipe.h"

#include "daemon/bounds.h"

void log_pipe_ended(struct log_pipe *log_pipe, const struct ending *ending, int64_t lasted_msec)
{
        if (!ending_is_success(ending) || lasted_msec >= LOG_PIPE_RUN_MSEC)
                log_pipe->ends = 0;
        else if (log_pipe->ends < LOG_PIPE_ENDS)
                log_pipe->ends++;
}

void log_pipe_braked(struct log_pipe *log_pipe, const struct ending *ending)
{
        if (ending_is_success(ending))
                log_pipe->ends = LOG_PIPE_ENDS;
}

void log_pipe_runs(struct log_pipe *log_pipe, int64_t age_msec)
{
        if (age_msec < LOG_PIPE_RUN_MSEC)
                return;
        log_pipe->ends = 0;
        if (!log_pipe->apart)
                log_pipe->pause_msec = log_pipe->next_msec = 0;
}

int64_t log_pipe_left_msec(const struct log_pipe *log_pipe, int64_t age_msec)
{
        if (!log_pipe->ends && (!log_pipe->pause_msec || log_pipe->apart))
                return INT64_MAX;
        return age_msec < LOG_PIPE_RUN_MSEC ? LOG_PIPE_RUN_MSEC - age_msec : 0;
}

void log_pipe_seen(struct log_pipe *log_pipe, enum piped piped)
{
        if (piped != PIPED_UNKNOWN)
                log_pipe->apart = piped == PIPED_APART;
}

bool log_pipe_is_lost(const struct log_pipe *log_pipe)
{
        return log_pipe->apart || log_pipe->ends >= LOG_PIPE_ENDS;
}

bool log_pipe_is_due(const struct log_pipe *log_pipe, int64_t now_msec)
{
        return log_pipe_is_lost(log_pipe) && now_msec >= log_pipe->next_msec;
}

void log_pipe_later(struct log_pipe *log_pipe, int64_t now_msec)
{
        log_pipe->next_msec = now_msec + REVIVAL_FIRST_MSEC;
}

void log_pipe_begin(struct log_pipe *log_pipe, int64_t now_msec)
{
        int64_t pause_msec = log_pipe->pause_msec ? log_pipe->pause_msec * 2 : REVIVAL_FIRST_MSEC;

        log_pipe->since_msec = now_msec;
        log_pipe->pause_msec = pause_msec < REVIVAL_MOST_MSEC ? pause_msec : REVIVAL_MOST_MSEC;
        log_pipe->next_msec = now_msec + log_pipe->pause_msec;
}

void log_pipe_renewed(struct log_pipe *log_pipe)
{
        log_pipe->ends = 0;
        log_pipe->apart = false;
}
