/* SPDX-License-Identifier: ISC */
#include "daemon/service/log_pipe.h"

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/service/poll.h"
#include "daemon/service/service.h"

bool log_pipe_of_service_is_lost(const struct service *service)
{
        return service->profile && service->logger.there && log_pipe_is_lost(&service->log_pipe);
}

bool log_pipe_is_renewed(const struct service *service)
{
        return service->profile && service->operation == OPERATION_NONE && service->place.kind != PLACE_KEPT;
}

bool log_pipe_holds(const struct service *service)
{
        if (!service->profile || service->operation != OPERATION_NONE)
                return false;
        switch (service->place.kind) {
        case PLACE_KEPT:
                break;
        case PLACE_LEAVING:
        case PLACE_LEFT:
        case PLACE_COMING:
                return true;
        case PLACE_LINKED:
        case PLACE_REFUSED:
                return false;
        }
        return service->logger.there && log_pipe_is_due(&service->log_pipe, clock_msec());
}

static void note(struct service *service, bool was_lost)
{
        if (was_lost || !log_pipe_of_service_is_lost(service))
                return;
        log_event("logger: its pipe is closed: service=%s", service->name);
        poll_wake(service->registry);
}

void log_pipe_taken(const struct run *run)
{
        if (!run->supervised)
                log_pipe_renewed(&run->service->log_pipe);
}

void log_pipe_logger_ended(struct run *logger, const struct s6_status *now)
{
        struct service *service = logger->service;
        bool was_lost = log_pipe_of_service_is_lost(service);
        const struct ending ending = run_ending(logger, now);

        log_pipe_ended(&service->log_pipe, &ending, logger->lasted_msec);
        note(service, was_lost);
}

void log_pipe_was_seen(struct service *service, enum piped piped)
{
        bool was_lost = log_pipe_of_service_is_lost(service);

        if (service->operation != OPERATION_NONE || log_pipe_is_renewed(service))
                return;
        log_pipe_seen(&service->log_pipe, piped);
        note(service, was_lost);
}

/* Makes up for ends that a broker which has just started did not see: a braked logger ended as often. */
static void follow_braked(struct service *service)
{
        const struct run *logger = &service->logger;
        const struct ending ending = ending_of_status(logger->status.wait_status);
        bool was_lost = log_pipe_of_service_is_lost(service);

        if (service->log_pipe.ends || service->log_pipe.pause_msec || !logger->supervised ||
            logger->status.pid || logger->status.want_up || logger->brake->hold != HOLD_BACKOFF ||
            logger->brake->attempt < LOG_PIPE_ENDS)
                return;
        log_pipe_braked(&service->log_pipe, &ending);
        note(service, was_lost);
}

void log_pipe_follow(struct service *service)
{
        struct run *own = &service->own;

        if (!service->profile || !service->logger.there || service->operation != OPERATION_NONE)
                return;
        if (run_is_alive(&service->logger))
                log_pipe_runs(&service->log_pipe, clock_msec() - service->logger.began_msec);
        follow_braked(service);
        if (own->supervised && own->status.want_up && log_pipe_holds(service) && own->told == TOLD_NOTHING &&
            own->goal.kind == GOAL_NONE && !control_is_unread(&own->control, 0))
                run_send(own, "O"); /* a run goes on, and is not begun again after its end */
}

int64_t log_pipe_wait_msec(const struct service *service)
{
        if (!service->profile || service->operation != OPERATION_NONE || !run_is_alive(&service->logger))
                return INT64_MAX;
        return log_pipe_left_msec(&service->log_pipe, clock_msec() - service->logger.began_msec);
}
