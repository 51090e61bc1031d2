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
 * Has the gateway's logger lost its pipe (judge/log_pipe.h)? A gateway that runs is not ended for that; but
 * its s6-supervise is told not to begin it again when it has ended (`O`), so that the slot can be made anew
 * then (slot/renewal.h). Whatever is to start the gateway waits for that.
 */
bool log_pipe_of_service_is_lost(const struct service *service);

/* May nothing begin in this slot, because it is to be made anew, or is being made anew? */
bool log_pipe_holds(const struct service *service);

/* Is the slot being made anew? */
bool log_pipe_is_renewed(const struct service *service);

/* A status of the gateway's or the logger's run is about to be taken. If it is another s6-supervise's,
 * nothing is known of its pipe yet. */
void log_pipe_taken(const struct run *run);

/* Note an end of the logger that nobody ordered, and what the descriptors of the two were seen to say. */
void log_pipe_logger_ended(struct run *logger, const struct s6_status *now);
void log_pipe_was_seen(struct service *service, enum piped piped);

/* Follows the logger at each step of the service; log_pipe_wait_msec(): in how many milliseconds that is due
 * again. */
void log_pipe_follow(struct service *service);
int64_t log_pipe_wait_msec(const struct service *service);

#endif
