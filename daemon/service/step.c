#include "daemon/service/step.h"

#include <stdio.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/edge/process.h"
#include "daemon/service/obstacle.h"
#include "daemon/service/registry.h"

bool step_is_to_end(const struct service *service)
{
        const struct goal *goal = &service->goal;

        return service->told != TOLD_NOTHING || goal->kind == GOAL_DOWN ||
               (goal->kind == GOAL_UP && goal->replace && goal->replace == service->status.pid);
}

static enum process_kind process_kind(const struct s6_status *status)
{
        if (status->finishing)
                return PROCESS_FINISH;
        return status->pid ? PROCESS_RUN : PROCESS_NONE;
}

/* What has lasted. */
static enum halt halt_of(const struct halt_watch *halt, const struct s6_status *status)
{
        enum halt kind = halt->pid == status->pid && clock_msec() - halt->since_msec >= HALT_MSEC ? halt->kind
                                                                                                  : HALT_NONE;

        /* One that s6-supervise has paused is stopped too. */
        return kind != HALT_ENDED && status->paused ? HALT_PAUSED : kind;
}

void step_situation(const struct service *service, struct situation *situation)
{
        const struct record *record = &service->record;

        *situation = (struct situation){
                .gateway = service->profile,
                .want_up = service_is_wanted(service),
                .hold = record->hold,
                .given_up = service->end.given_up,
                .served = record->hold == HOLD_HELD && record->cause == CAUSE_SERVED,
                .retried = !record->next_start_usec,
                .ordered = record->pending != PENDING_NOTHING,
                .queued = service->queued,
                .operation = service->operation != OPERATION_NONE,
                .supervised = service->supervised,
                .process = process_kind(&service->status),
                .to_end = step_is_to_end(service),
                .settled = service_is_settled(service),
                .halt = halt_of(&service->halt, &service->status),
                .unread = service->obstacle,
        };
}

enum trouble step_trouble(const struct service *service)
{
        struct situation situation;

        step_situation(service, &situation);
        return trouble_judge(&situation, step_is_late(&service->step));
}

static bool logger_is_to_be_started(const struct logger *logger)
{
        return logger->supervised && logger->status.want_up && !s6_status_is_alive(&logger->status);
}

enum logger_trouble step_logger_trouble(const struct service *service)
{
        const struct logger *logger = &service->logger;
        const struct logger_situation situation = {
                .supervised = logger->supervised,
                .held = service->record.log_next_start_usec,
                .coming = logger_is_to_be_started(logger),
                .runs = logger_is_running(service),
                .halt = halt_of(&logger->halt, &logger->status),
        };

        if (!service->has_log || !service->supervised || service->operation != OPERATION_NONE)
                return LOGGER_FINE;
        return trouble_of_logger(&situation, step_is_late(&logger->step));
}

bool step_is_late(const struct step_watch *step)
{
        return step->kind != STEP_NONE && clock_msec() >= step->until_msec;
}

static int64_t age_msec_of(int64_t since_usec)
{
        int64_t age_msec = since_usec > 0 ? (clock_utc_usec() - since_usec) / 1000 : 0;

        return age_msec > 0 ? age_msec : 0;
}

/* age_msec: of a step that was not seen to begin, as far as anything says. */
static void step_begin(struct step_watch *step, enum step kind, pid_t pid, int64_t bound_msec,
                       int64_t age_msec)
{
        int64_t now_usec = clock_utc_usec();

        if (step->known && step->kind == kind && step->pid == pid)
                return;
        if (step->known)
                age_msec = 0;
        *step = (struct step_watch){.known = true, .kind = kind, .pid = pid};
        if (kind == STEP_NONE)
                return;
        step->since_usec = now_usec - age_msec * 1000;
        step->until_msec = clock_msec() + bound_msec - age_msec;
}

static int64_t step_age_msec(const struct service *service, enum step kind)
{
        switch (kind) {
        case STEP_NONE:
        case STEP_PROCESS: /* nothing says when it was ordered */
                break;
        case STEP_READY:
                return clock_msec() - service->run_began_msec;
        case STEP_END:
                return age_msec_of(service->record.told_usec);
        case STEP_FINISH:
                return age_msec_of(service->status.since_usec);
        }
        return 0;
}

/* Is the process that s6-supervise takes for the run at work? */
static void halt_look(struct halt_watch *halt, const struct s6_status *status)
{
        pid_t pid = s6_status_is_alive(status) ? status->pid : 0;
        enum halt kind = HALT_NONE;

        if (pid)
                switch (process_state(pid)) {
                case PROCESS_STATE_STOPPED:
                        kind = HALT_STOPPED;
                        break;
                case PROCESS_STATE_ENDED:
                        kind = HALT_ENDED;
                        break;
                case PROCESS_STATE_OTHER:
                        break;
                }
        if (halt->pid != pid || halt->kind != kind)
                *halt = (struct halt_watch){.pid = pid, .kind = kind, .since_msec = clock_msec()};
}

static void halt_follow(struct halt_watch *halt, const struct s6_status *status)
{
        if (halt->kind != HALT_NONE)
                halt_look(halt, status);
}

void step_follow(struct service *service)
{
        const struct patience *patience = &service->registry->patience;
        struct logger *logger = &service->logger;
        struct situation situation;
        enum step kind;
        pid_t pid;

        service->obstacle = obstacle_of(service);
        halt_follow(&service->halt, &service->status);
        halt_follow(&logger->halt, &logger->status);
        step_situation(service, &situation);
        kind = trouble_step(&situation);
        pid = kind == STEP_PROCESS ? 0 : service->status.pid;
        step_begin(&service->step, kind, pid, patience->msec[kind], step_age_msec(service, kind));
        kind = logger_is_to_be_started(logger) ? STEP_PROCESS : STEP_NONE;
        step_begin(&logger->step, kind, 0, patience->msec[kind], age_msec_of(logger->status.since_usec));
}

static int64_t sooner(int64_t left, int64_t right)
{
        return left < right ? left : right;
}

static int64_t watch_wait_msec(const struct step_watch *step, const struct halt_watch *halt)
{
        int64_t now_msec = clock_msec();
        int64_t wait_msec = INT64_MAX;

        if (step->kind != STEP_NONE && step->until_msec > now_msec)
                wait_msec = step->until_msec - now_msec;
        if (halt->kind != HALT_NONE && halt->since_msec + HALT_MSEC > now_msec)
                wait_msec = sooner(wait_msec, halt->since_msec + HALT_MSEC - now_msec);
        else if (halt->kind != HALT_NONE)
                wait_msec = sooner(wait_msec, POLL_MSEC);
        return wait_msec;
}

int64_t step_wait_msec(const struct service *service)
{
        int64_t wait_msec = watch_wait_msec(&service->step, &service->halt);

        wait_msec = sooner(wait_msec, watch_wait_msec(&service->logger.step, &service->logger.halt));
        return sooner(wait_msec, obstacle_wait_msec(service));
}

void step_see(struct service *service)
{
        halt_look(&service->halt, &service->status);
}

bool step_logger_stands(struct service *service)
{
        struct logger *logger = &service->logger;

        halt_look(&logger->halt, &logger->status);
        return logger->halt.kind == HALT_STOPPED || logger->status.paused;
}

void step_look(struct service *service)
{
        struct logger *logger = &service->logger;
        bool halted = service->halt.kind != HALT_NONE || logger->halt.kind != HALT_NONE;

        if (service->registry->stopping || !service->supervised || service->operation != OPERATION_NONE)
                return;
        halt_look(&service->halt, &service->status);
        if (service->has_log && logger->supervised)
                halt_look(&logger->halt, &logger->status);
        if (halted || service->halt.kind != HALT_NONE || logger->halt.kind != HALT_NONE)
                service_follow_time(service);
}

static void step_turn(void *owner)
{
        struct registry *registry = owner;
        struct halt_round *round = &registry->halts;
        size_t until = round->next + HALT_SERVICES;

        for (; round->next < registry->count && round->next < until; round->next++)
                step_look(registry->services[round->next]);
        if (round->next < registry->count && !registry->stopping)
                timer_start(&round->turn, POLL_SLICE_MSEC);
}

void step_init(struct registry *registry)
{
        timer_init(&registry->halts.turn, registry->loop, step_turn, registry);
}

void step_look_at_all(struct registry *registry)
{
        struct halt_round *round = &registry->halts;
        int64_t now_msec = clock_msec();

        if (timer_is_running(&round->turn) ||
            (round->begun_msec && now_msec - round->begun_msec < HALT_LOOK_MSEC))
                return;
        round->begun_msec = now_msec;
        round->next = 0;
        step_turn(registry);
}

/* "180 s", or "1500 ms". */
static const char *bound_text(const struct service *service, enum step step, char text[32])
{
        long long msec = service->registry->patience.msec[step];

        if (msec % 1000)
                snprintf(text, 32, "%lld ms", msec);
        else
                snprintf(text, 32, "%lld s", msec / 1000);
        return text;
}

void step_describe(const struct service *service, enum trouble trouble, char *text, size_t size)
{
        char bound[32];

        text[0] = '\0';
        switch (trouble) {
        case TROUBLE_NONE:
        case TROUBLE_UNSUPERVISED:
        case TROUBLE_FAILED:
        case TROUBLE_BACKOFF:
        case TROUBLE_HELD:
        case TROUBLE_LOGGER:
        case TROUBLE_LOG:
        case TROUBLE_LOCK:
                break;
        case TROUBLE_UNREAD:
                snprintf(text, size, "%s", service->obstacle);
                break;
        case TROUBLE_NOT_STARTED:
                snprintf(text, size, "it has had no process for more than %s, though it is wanted up",
                         bound_text(service, STEP_PROCESS, bound));
                break;
        case TROUBLE_NOT_READY:
                snprintf(text, size, "it was started more than %s ago, and is not ready",
                         bound_text(service, STEP_READY, bound));
                break;
        case TROUBLE_NOT_ENDED:
                snprintf(text, size, "it was told to end more than %s ago, and still runs",
                         bound_text(service, STEP_END, bound));
                break;
        case TROUBLE_NOT_FINISHED:
                snprintf(text, size, "its finish script does not end");
                break;
        case TROUBLE_PAUSED:
                snprintf(text, size, "it is paused by an order of root's, and does nothing");
                break;
        case TROUBLE_STOPPED:
                snprintf(text, size, "it is stopped by a signal (SIGSTOP), and does nothing");
                break;
        case TROUBLE_STALE:
                snprintf(text, size,
                         "its process has ended, but its s6-supervise has not seen that: it was stopped, or "
                         "hangs");
                break;
        case TROUBLE_UNWANTED:
                snprintf(text, size, "it runs, though it is wanted down");
                break;
        }
}

void step_describe_logger(const struct service *service, enum logger_trouble trouble, char *text, size_t size)
{
        char bound[32];

        text[0] = '\0';
        switch (trouble) {
        case LOGGER_FINE:
                break;
        case LOGGER_UNSUPERVISED:
                snprintf(text, size, "its logger does not run: no s6-supervise runs for it");
                break;
        case LOGGER_HELD:
                logger_reason(service, text, size);
                break;
        case LOGGER_DOWN:
                snprintf(text, size, "its logger does not run");
                break;
        case LOGGER_NOT_STARTED:
                snprintf(text, size, "its logger does not run: it has had no process for more than %s",
                         bound_text(service, STEP_PROCESS, bound));
                break;
        case LOGGER_STOPPED:
                snprintf(text, size, "its logger is stopped by a signal: what the gateway prints waits");
                break;
        case LOGGER_STALE:
                snprintf(text, size,
                         "its logger's process has ended, but its s6-supervise has not seen that: it was "
                         "stopped, or hangs");
                break;
        }
}
