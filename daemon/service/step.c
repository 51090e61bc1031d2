/* SPDX-License-Identifier: ISC */
#include "daemon/service/step.h"

#include "daemon/bounds.h"
#include "daemon/service/obstacle.h"
#include "daemon/service/registry.h"

static int64_t age_msec_of(int64_t since_usec)
{
        int64_t age_msec = since_usec > 0 ? (clock_utc_usec() - since_usec) / 1000 : 0;

        return age_msec > 0 ? age_msec : 0;
}

/* How long a step that was not seen to begin has lasted, as far as anything says. */
static int64_t step_age_msec(const struct run *run, enum step kind)
{
        const struct service *service = run->service;
        bool own = run == &service->own;

        switch (kind) {
        case STEP_NONE:
                break;
        case STEP_PROCESS: /* nothing says when it was ordered; a logger without a goal was wanted before */
                return own || run->goal.kind == GOAL_UP ? 0 : age_msec_of(run->status.since_usec);
        case STEP_READY:
                return clock_msec() - run->began_msec;
        case STEP_END:
                return own ? age_msec_of(service->record.told_usec) : 0;
        case STEP_FINISH:
                return age_msec_of(run->status.since_usec);
        }
        return 0;
}

static void run_follow(struct run *run, const struct situation *situation)
{
        const struct service *service = run->service;
        enum step kind = trouble_step(situation);
        pid_t pid = kind == STEP_PROCESS ? 0 : run->status.pid;

        step_begin(&run->step, kind, pid, &service->registry->patience, step_age_msec(run, kind),
                   clock_msec(), clock_utc_usec());
}

void step_follow(struct service *service)
{
        struct situation own, logger;

        obstacle_follow(service);
        if (service->own.halt.kind != HALT_NONE)
                run_see_halt(&service->own);
        if (service->logger.halt.kind != HALT_NONE)
                run_see_halt(&service->logger);
        own = service_situation(service);
        logger = service_logger_situation(service);
        run_follow(&service->own, &own);
        if (service->logger.there)
                run_follow(&service->logger, &logger);
}

int64_t step_next_msec(const struct service *service)
{
        int64_t now_msec = clock_msec();
        int64_t wait_msec = step_wait_msec(&service->own.step, &service->own.halt, now_msec);

        wait_msec = wait_sooner(wait_msec,
                                step_wait_msec(&service->logger.step, &service->logger.halt, now_msec));
        return wait_sooner(wait_msec, obstacle_wait_msec(service));
}
