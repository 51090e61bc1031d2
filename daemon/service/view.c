/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "daemon/service/log_pipe.h"
#include "daemon/service/obstacle.h"
#include "daemon/service/registry.h"
#include "daemon/service/service.h"

/* The part of the situation that is the same for a service's own run and a logger's. */
static struct situation situation_of(const struct run *run)
{
        const struct service *service = run->service;

        return (struct situation){
                .gateway = service->profile,
                .hold = run->brake->hold,
                .retried = !run->brake->next_start_usec,
                .operation = service->operation != OPERATION_NONE || log_pipe_is_renewed(service),
                .supervised = run->supervised,
                .process = run_process(run),
                .to_end = run_is_to_end(run),
                .settled = run_is_settled(run, service_settle_msec(service)),
                .halt = run_halt(run),
        };
}

struct situation service_situation(const struct service *service)
{
        const struct record *record = &service->record;
        struct situation situation = situation_of(&service->own);

        situation.want_up = service_is_wanted(service);
        situation.given_up = service->end.given_up;
        situation.served = record->brake.hold == HOLD_HELD && record->cause == CAUSE_SERVED;
        situation.ordered = record->pending != PENDING_NOTHING;
        situation.starting = service->own.goal.kind == GOAL_UP;
        situation.queued = service->queued == QUEUED_FOR_START;
        situation.unread = obstacle_of(service);
        return situation;
}

/* A gateway's logger is wanted from its gateway's first start on, for as long as its slot exists; a static
 * service's by s6 alone. */
struct situation service_logger_situation(const struct service *service)
{
        const struct s6_status *status = &service->logger.status;
        struct situation situation = situation_of(&service->logger);

        situation.want_up = !service->logger.idle;
        situation.given_up = !service->profile && !status->pid && !status->want_up;
        situation.starting = service->logger.goal.kind == GOAL_UP;
        situation.unread = service->logger.unread;
        return situation;
}

enum service_state service_state(const struct service *service)
{
        const struct situation situation = service_situation(service);

        return state_judge(&situation);
}

void service_facts(const struct service *service, struct facts *facts)
{
        const struct registry *registry = service->registry;
        const struct run *own = &service->own, *logger = &service->logger;
        int64_t now_msec = clock_msec();

        *facts = (struct facts){
                .record = &service->record,
                .own = {service_situation(service), step_is_late(&own->step, now_msec)},
                .logger = {service_logger_situation(service), step_is_late(&logger->step, now_msec)},
                .has_logger = logger->there,
                .pid = run_pid(own),
                .since_usec = own->status.since_usec,
                .ready_usec = service->profile ? own->status.since_usec + registry->settle_msec * 1000
                                               : own->status.ready_usec,
                .s6_wants = own->status.want_up,
                .step = own->step.kind,
                .step_since_usec = own->step.since_usec,
                .patience = registry->patience,
                .backoff = registry->backoff,
                .logger_ending = ending_of_status(logger->status.wait_status),
                .unread = obstacle_of(service),
                .unseen = service->again.what & AGAIN_LOOK,
                .loops = static_end_loops(service),
                .served = service->profile && multiplex_holds(registry, service->profile),
                .unclean = service->unclean,
                .log = locks_log(service),
                .unlocked = service->locks.unlocked,
                .unpiped = log_pipe_of_service_is_lost(service),
        };
}

void service_describe_logger(const struct service *service, char *text, size_t size)
{
        struct facts facts;

        service_facts(service, &facts);
        view_describe_logger(&facts, service->shown.log_trouble, text, size);
}

void service_show(struct service *service)
{
        struct registry *registry = service->registry;
        struct facts facts;
        struct view view;

        service_facts(service, &facts);
        view_judge(&facts, &view);
        if (service->revision && memcmp(&view, &service->shown, sizeof(view)) == 0)
                return;
        history_note_shown(service, &facts, &view);
        service->shown = view;
        service->revision = ++registry->revision;
        registry->changes++;
        if (registry->events.changed)
                registry->events.changed(registry->events.owner, service);
}
