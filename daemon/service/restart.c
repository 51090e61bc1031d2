/* SPDX-License-Identifier: ISC */
#include "daemon/service/restart.h"

#include <stdio.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/service/ask.h"
#include "daemon/service/home.h"
#include "daemon/service/registry.h"
#include "daemon/service/release.h"

static bool is_own(const struct run *run)
{
        return run == &run->service->own;
}

bool restart_is_served(const struct service *service)
{
        return service->profile && multiplex_holds(service->registry, service->profile);
}

void restart_take_option(struct service *service)
{
        struct record *record = &service->record;
        bool served = release_is_held(record, MULTIPLEX_REASON);

        if (multiplex_asks_volume(service->registry)) /* config.yaml has not been looked at yet */
                return;
        if (!record->want_up || service_is_alive(service) || served == restart_is_served(service))
                return;
        if (served) {
                record->brake.hold = HOLD_NONE;
                record->cause = CAUSE_NONE;
                record->reason[0] = 0;
                record->pending = PENDING_ORDER;
        } else {
                record->pending = PENDING_NOTHING;
                multiplex_hold(service->registry, service->profile, record);
        }
        service_save(service);
}

void restart_hold_elsewhere(const struct registry *registry, struct record *record)
{
        record->brake.hold = HOLD_HELD;
        record->cause = CAUSE_ELSEWHERE;
        brake_look_later(&record->brake, &registry->backoff, clock_utc_usec());
        snprintf(record->reason, sizeof(record->reason),
                 "it runs elsewhere: another process holds its lock on the volume");
}

/* Why the gateway is not to run now, whatever is wanted; NULL: it may run. */
static const char *bar_of(const struct service *service)
{
        if (service->record.gone)
                return HOME_GONE_REASON;
        return multiplex_holds(service->registry, service->profile) ? MULTIPLEX_REASON : NULL;
}

/* The facts of a run for its brake. A gateway's are its record's. A logger has no record: it is wanted from
 * its gateway's first start on, and its exit codes mean nothing here. */
static struct brake_facts facts_of(const struct run *run)
{
        const struct service *service = run->service;
        const struct record *record = &service->record;
        struct brake_facts facts = {.wanted = !run->idle,
                                    .once = run->once,
                                    .asked = -1,
                                    .now_usec = clock_utc_usec(),
                                    .now_msec = clock_msec()};
        struct ending ending = ending_of_record(record);
        const char *bar;

        if (!is_own(run))
                return facts;
        bar = bar_of(service);
        facts.wanted = record->want_up;
        facts.ordered = record->pending != PENDING_NOTHING;
        facts.word = ending_word(&ending);
        facts.signalled = run->signalled;
        facts.lock_is_free = service->asks == ASK_LOCK_IS_FREE;
        if (bar)
                facts.bar = record->brake.hold == HOLD_HELD && strcmp(record->reason, bar) == 0 ? BAR_RECORDED
                                                                                                : BAR_NEW;
        return facts;
}

static bool is_braked(const struct run *run)
{
        const struct service *service = run->service;

        return run->there && service->profile && run->goal.kind == GOAL_NONE &&
               service->operation == OPERATION_NONE;
}

static enum brake_verdict judge(const struct run *run, const struct brake_facts *facts, int64_t *wait_msec)
{
        const struct service *service = run->service;
        const struct seen seen = run_seen(run, service_settle_msec(service));

        return brake_judge(run->brake, &seen, facts, &service->registry->backoff, wait_msec);
}

int64_t restart_wait_msec(const struct run *run)
{
        int64_t wait_msec = INT64_MAX;
        struct brake_facts facts;

        if (!is_braked(run))
                return INT64_MAX;
        facts = facts_of(run);
        judge(run, &facts, &wait_msec);
        return wait_msec;
}

/* Writes the record; for the gateway's own run, the down file as well. */
static void note(struct run *run, bool down)
{
        struct service *service = run->service;

        if (is_own(run))
                service_set_down(service, down);
        service_save(service);
}

static void hold(struct run *run)
{
        struct service *service = run->service;
        struct record *record = &service->record;

        run->brake->hold = HOLD_HELD;
        run->brake->next_start_usec = 0;
        record->cause = record->gone ? CAUSE_NONE : CAUSE_SERVED;
        snprintf(record->reason, sizeof(record->reason), "%s", bar_of(service));
        note(run, true);
        if (run->status.want_up) /* s6 is between two tries of its own */
                run_send(run, "d");
        log_event("service: held: service=%s gone=%d", service->name, record->gone);
}

static void fail(struct run *run)
{
        struct service *service = run->service;

        run->brake->hold = HOLD_FAILED;
        run->brake->next_start_usec = 0;
        snprintf(service->record.reason, sizeof(service->record.reason),
                 "configuration error (exit code %d): its log says which; correct it, then start it",
                 EXIT_CONFIGURATION);
        log_event("service: failed: configuration error service=%s code=%d", service->name,
                  EXIT_CONFIGURATION);
        note(run, true);
        ask_why(service);
}

static void hold_elsewhere(struct run *run)
{
        struct service *service = run->service;

        restart_hold_elsewhere(service->registry, &service->record);
        log_event("service: held: it runs elsewhere service=%s", service->name);
        note(run, true);
        ask_why(service);
}

static void delay(struct run *run)
{
        struct service *service = run->service;
        struct record *record = &service->record;
        struct brake *brake = run->brake;
        long long delay_msec =
                brake_delay(brake, &service->registry->backoff, run->lasted_msec, clock_utc_usec());
        struct ending ending = ending_of_record(record);

        if (is_own(run)) {
                ending_describe_delay(&ending, record->oom_kills, brake->attempt, delay_msec, record->reason,
                                      sizeof(record->reason));
                log_event("service: backoff: service=%s code=%d signal=%d attempt=%u delay_msec=%lld",
                          service->name, record->exit_code, record->exit_signal, brake->attempt, delay_msec);
        } else {
                log_event("logger: backoff: service=%s attempt=%u delay_msec=%lld", service->name,
                          brake->attempt, delay_msec);
        }
        note(run, true);
        if (is_own(run))
                ask_why(service);
}

/* Orders a single run, so that one try is not a burst of five. False: that failed, and nothing changed. */
static bool run_once(struct run *run)
{
        const struct brake before = *run->brake;
        const struct brake_try once = run->once;

        if (is_own(run))
                run->service->starter = STARTER_RETRY;
        run->once = brake_begin_try(run->brake, run->status.since_usec, clock_msec());
        note(run, false);
        if (run_send(run, "o") || !run->send_error)
                return true;
        *run->brake = before;
        run->once = once;
        if (before.next_start_usec)
                run->brake->next_start_usec = clock_utc_usec() + SEND_AGAIN_MSEC * 1000;
        note(run, !brake_lets_run(run->brake));
        return false;
}

static void try_again(struct run *run)
{
        struct service *service = run->service;

        /* Restarts that the gateway asks for have a budget over a longer time, which a try does not renew. */
        if (facts_of(run).word != WORD_RESTART_ME)
                service_clear_tally(run);
        if (!run_once(run))
                return;
        if (service->asks == ASK_LOCK_IS_FREE)
                service->asks = ASK_NOTHING;
        if (is_own(run))
                log_event("service: retry: service=%s attempt=%u", service->name, run->brake->attempt);
        else
                log_event("logger: retry: service=%s attempt=%u", service->name, run->brake->attempt);
}

/* The run has lasted for long enough: s6 shall want it again, and the failures are history. */
static void recovered(struct run *run)
{
        if (run->brake->hold != HOLD_NONE) {
                brake_let_go(run->brake);
                if (is_own(run))
                        run->service->record.reason[0] = 0;
                note(run, false);
        }
        if (!run->status.want_up)
                run_send(run, "u");
}

/* Counts how often the gateway asked to be started again. False: that cannot be seen yet. */
static bool count_asked(struct run *run, int64_t *asked)
{
        struct service *service = run->service;
        unsigned deaths;
        int result = s6_tally_recent(service_at(service), control_name(&run->control).text, RESTARTS_SECONDS,
                                     &deaths);

        if (result)
                again_note(&service->again, AGAIN_LOOK, result, service->name);
        else
                *asked = deaths;
        return result == 0;
}

void restart_follow(struct run *run)
{
        enum brake_verdict verdict;
        struct brake_facts facts;
        int64_t wait_msec;

        if (!is_braked(run))
                return;
        facts = facts_of(run);
        verdict = judge(run, &facts, &wait_msec);
        if (verdict == BRAKE_COUNT && count_asked(run, &facts.asked))
                verdict = judge(run, &facts, &wait_msec);
        switch (verdict) {
        case BRAKE_STAY:
        case BRAKE_COUNT:
                break;
        case BRAKE_HOLD:
                hold(run);
                break;
        case BRAKE_KEEP:
                run_send(run, "d");
                break;
        case BRAKE_DELAY:
                delay(run);
                break;
        case BRAKE_FAIL:
                fail(run);
                break;
        case BRAKE_ELSEWHERE:
                hold_elsewhere(run);
                break;
        case BRAKE_LOOK:
                ask_lock(run->service);
                break;
        case BRAKE_TRY:
                try_again(run);
                break;
        case BRAKE_GRANT:
                run_once(run);
                break;
        case BRAKE_RELEASE:
                recovered(run);
                break;
        }
        if (is_own(run) && facts.wanted && !facts.ordered && service_state(run->service) == STATE_UP)
                ask_habit(run->service);
}

static void forgive(struct run *run)
{
        *run->brake = (struct brake){.hold = HOLD_NONE};
        run->end = RUN_END_NONE;
}

static void forgive_logger(struct run *logger)
{
        forgive(logger);
        if (!logger->there || !logger->supervised || logger->idle)
                return;
        service_clear_tally(logger);
        if (!run_is_alive(logger)) {
                run_set_goal(logger, GOAL_UP, 0);
                service_wake(logger->service);
                return;
        }
        run_see_halt(logger);
        if (logger->halt.kind == HALT_STOPPED || logger->status.paused)
                run_send(logger, "c");
        locks_try_again(logger->service);
}

void restart_forgive(struct service *service)
{
        struct record *record = &service->record;

        forgive(&service->own);
        record->reason[0] = 0;
        record->own_stop = false;
        forgive_logger(&service->logger);
}

void restart_reset(struct service *service)
{
        struct record *record = &service->record;
        struct record before = *record;
        bool held = before.brake.hold != HOLD_NONE && !service_is_alive(service);

        restart_forgive(service);
        if (held && before.brake.hold == HOLD_HELD) { /* the reason is no failure of its own, and stays */
                record->brake.hold = HOLD_HELD;
                record->cause = before.cause;
                record->brake.next_start_usec = before.brake.next_start_usec;
                memcpy(record->reason, before.reason, sizeof(record->reason));
        } else if (held) {
                record->brake.hold = HOLD_HELD;
                record->cause = CAUSE_FORGIVEN;
                snprintf(record->reason, sizeof(record->reason),
                         "its failures were forgotten; start it to run it");
        }
        if (service->own.supervised)
                service_clear_tally(&service->own);
}
