/* SPDX-License-Identifier: ISC */
#ifndef SERVICE_LOG_PIPE_H
#define SERVICE_LOG_PIPE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/judge/log_pipe.h"

struct run;
struct s6_status;
struct service;

/*
 * Whether a gateway's logger has lost its pipe: judge/log_pipe.h. As long as its gateway runs, nothing is ended
 * for that; s6-supervise is told not to begin it again when it has ended (`O`), so that the slot can be made
 * anew then (slot/renewal.h). Whatever is to start it waits for that.
 */
bool log_pipe_of_service_is_lost(const struct service *service);

/* Nothing begins in this slot: it is to be made anew, or just is. */
bool log_pipe_holds(const struct service *service);

/* It just is. */
bool log_pipe_is_renewed(const struct service *service);

/* A status of one of the two is about to be taken. Of another s6-supervise nothing is known yet. */
void log_pipe_taken(const struct run *run);

/* What the logger is seen to do. */
void log_pipe_logger_ended(struct run *logger, const struct s6_status *now);
void log_pipe_was_seen(struct service *service, enum piped piped);

/* Called at each step; in how many milliseconds again. */
void log_pipe_follow(struct service *service);
int64_t log_pipe_wait_msec(const struct service *service);

#endif
