/* SPDX-License-Identifier: ISC */
#include "daemon/service/turn.h"

#include <stddef.h>

#include "daemon/bounds.h"
#include "daemon/service/history_volume.h"
#include "daemon/service/log_pipe.h"
#include "daemon/service/poll.h"
#include "daemon/service/registry.h"
#include "daemon/service/restart.h"
#include "daemon/service/step.h"

static void take_lock(struct run *run)
{
        /* Even if another supervisor is there already: what it runs is not the run of the one before. */
        run->supervised = false;
        service_see(run->service);
}

void turn_on_watch(struct run *run, enum watch_event event)
{
        struct service *service = run->service;

        switch (event) {
        case WATCH_STATUS:
                if (run_see_status(run))
                        service_see(service);
                break;
        case WATCH_LOCK:
                take_lock(run);
                break;
        case WATCH_GONE:
                run->wd = -1;
                service_see(service);
                break;
        case WATCH_ENTRY:
        case WATCH_OVERFLOW:
                return;
        }
        service_wake(service);
}

void service_catch_up(struct service *service)
{
        if (!service_lacks_watch(service) && !(service->again.what & AGAIN_LOOK))
                return;
        service_see(service);
        service_wake(service);
}

bool service_has_supervisor(struct service *service)
{
        const struct run *own = &service->own;

        registry_catch_up(service->registry);
        return (own->supervised && own->wd >= 0 && !service->unseen && !(service->again.what & AGAIN_LOOK)) ||
               control_is_alive(&own->control);
}

/* Judges the run's goal, and sends what that asks for. Returns the verdict; without a goal, GOAL_WAIT. */
static enum goal_verdict judge_goal(struct run *run)
{
        struct service *service = run->service;
        const char *letters = NULL;
        enum goal_verdict verdict;
        struct seen seen;

        if (run->goal.kind == GOAL_NONE)
                return GOAL_WAIT;
        if (s6_status_is_alive(&run->status))
                run_see_halt(run); /* a process that somebody has stopped would not see its TERM */
        seen = run_seen(run, service_settle_msec(service));
        verdict = goal_judge(&run->goal, &seen, &letters);
        if (verdict == GOAL_SEND && run_order(run, letters) && run == &service->own)
                service_ordered(service);
        if (verdict != GOAL_DONE && verdict != GOAL_FAILED)
                return verdict;
        run->goal.kind = GOAL_NONE;
        if (run == &service->own)
                service_delivered(service);
        return verdict;
}

bool service_has_come_to(const struct service *service, enum goal_kind kind)
{
        const struct run *own = &service->own;
        struct goal goal = {.kind = kind, .base_usec = own->status.since_usec};
        const struct seen seen = run_seen(own, service_settle_msec(service));
        const char *letters;

        if (own->goal.kind != GOAL_NONE)
                goal = own->goal;
        return goal.kind == kind && goal_judge(&goal, &seen, &letters) == GOAL_DONE;
}

/* Follows the run's goal, or where it has none, what the record says. */
static enum goal_verdict follow_run(struct run *run)
{
        enum goal_verdict verdict;

        run->send_error = SEND_ERROR_NONE;
        verdict = judge_goal(run);
        if (run_send_due(run) && run == &run->service->own)
                service_signalled(run->service);
        restart_follow(run);
        return verdict;
}

static int64_t run_wait_msec(const struct run *run)
{
        int64_t settle_msec = service_settle_msec(run->service);
        int64_t wait_msec = restart_wait_msec(run);

        wait_msec = wait_sooner(wait_msec, run_kill_wait_msec(run));
        if (run->send_error)
                wait_msec = wait_sooner(wait_msec, SEND_AGAIN_MSEC);
        if (settle_msec && run_is_alive(run) && !run_is_settled(run, settle_msec))
                wait_msec = wait_sooner(wait_msec, run->began_msec + settle_msec - clock_msec());
        return wait_msec;
}

static void set_timer(struct service *service)
{
        int64_t wait_msec = wait_sooner(run_wait_msec(&service->own), run_wait_msec(&service->logger));

        if (service->operation == OPERATION_NONE && service->profile)
                wait_msec = wait_sooner(wait_msec, locks_wait_msec(service));
        wait_msec = wait_sooner(wait_msec, log_pipe_wait_msec(service));
        wait_msec = wait_sooner(wait_msec, again_wait_msec(&service->again));
        wait_msec = wait_sooner(wait_msec, step_next_msec(service));
        if (wait_msec == INT64_MAX)
                timer_stop(&service->timer);
        else
                timer_start(&service->timer, wait_msec < 0 ? 0 : (uint64_t)wait_msec + 1);
        if (service_is_polled(service))
                poll_wake(service->registry);
}

void service_follow_time(struct service *service)
{
        step_follow(service);
        set_timer(service);
        service_show(service);
}

static bool service_step(struct ready *ready)
{
        struct service *service = (struct service *)((char *)ready - offsetof(struct service, ready));
        enum goal_verdict verdict;

        if (service->registry->stopping)
                return false;
        if (service->unseen)
                service_see(service);
        follow_run(&service->logger); /* the logger is told first, so that it reads what the gateway prints */
        verdict = follow_run(&service->own);
        log_pipe_follow(service);
        service_save_due(service);
        if (service->operation == OPERATION_NONE && service->profile) {
                leftover_follow(service);
                locks_follow(service);
        }
        service_follow_time(service);
        if (verdict == GOAL_DONE || verdict == GOAL_FAILED) {
                stagger_wake(service->registry);
                service_settle_waits(service,
                                     verdict == GOAL_FAILED ? &(struct fault){.kind = FAULT_FAILED} : NULL);
        }
        if (service->queued) /* the supervisor that it waits for may have begun only now */
                stagger_wake(service->registry);
        if (service->follower)
                ready_wake(service->follower);
        return false;
}

/* The timer: times are judged by what is there now, not by what was read before a long turn of the loop. */
static void service_expired(void *owner)
{
        struct service *service = owner;

        registry_catch_up(service->registry);
        service_try_again(service);
        service_see(service);
        service_wake(service);
}

struct service *service_new(struct registry *registry, const char *name, bool gateway)
{
        struct service *service = registry_add(registry, name);

        if (!service)
                return NULL;
        service_init(service, registry, gateway);
        ready_init(&service->ready, &registry->ready, service_step);
        timer_init(&service->timer, registry->loop, service_expired, service);
        history_volume_look(registry);
        return service;
}
