#include "daemon/service/restart.h"

#include <stdio.h>
#include <string.h>

#include "daemon/log/log.h"
#include "daemon/edge/s6_control.h"
#include "daemon/service/home.h"
#include "daemon/service/persist.h"
#include "daemon/service/registry.h"
#include "daemon/service/release.h"
#include "daemon/keep/survey.h"
#include "proto/name.h"

/* s6-supervise runs an `o` at once; when it cannot, it does not try again by itself. */
#define RETRY_MSEC 5000

bool restart_is_served(const struct service *service)
{
        return service->profile && multiplex_holds(service->registry, service->profile);
}

void restart_take_option(struct service *service)
{
        struct record *record = &service->record;
        bool served = release_is_held(record, MULTIPLEX_REASON);

        if (multiplex_asks_volume(service->registry)) /* it has not been looked at yet */
                return;
        if (!record->want_up || service_is_alive(service) || served == restart_is_served(service))
                return;
        if (served) {
                record->hold = HOLD_NONE;
                record->cause = CAUSE_NONE;
                record->reason[0] = 0;
                record->pending = PENDING_ORDER;
        } else {
                record->pending = PENDING_NOTHING;
                multiplex_hold(service->registry, service->profile, record);
        }
        service_save(service);
}

/* Held until its lock is free; what is held otherwise is not looked at again by itself. */
static bool restart_is_elsewhere(const struct service *service)
{
        return service->record.hold == HOLD_HELD && service->record.next_start_usec;
}

void restart_describe_exit(const struct record *record, char *text, size_t size)
{
        if (!record->has_exit)
                snprintf(text, size, "the cause is not known");
        else if (record->exit_signal)
                snprintf(text, size, "by SIG%s%s", sigabbrev_np(record->exit_signal) ?: "?",
                         record->oom_kills ? " (the container is out of memory)" : "");
        else
                snprintf(text, size, "with exit code %d%s", record->exit_code,
                         record->oom_kills ? " (the container is out of memory)" : "");
}

static void restart_fail(struct service *service)
{
        struct record *record = &service->record;

        record->hold = HOLD_FAILED;
        record->next_start_usec = 0;
        snprintf(record->reason, sizeof(record->reason),
                 "configuration error (exit code %d): its log says which; correct it, then start it",
                 EXIT_CONFIGURATION);
        log_event("service: failed: configuration error service=%s code=%d", service->name,
                  EXIT_CONFIGURATION);
}

void restart_hold_elsewhere(const struct registry *registry, struct record *record)
{
        record->hold = HOLD_HELD;
        record->cause = CAUSE_ELSEWHERE;
        record->next_start_usec = clock_utc_usec() + registry->policy.elsewhere_msec * 1000;
        snprintf(record->reason, sizeof(record->reason),
                 "it runs elsewhere: another process holds its lock on the volume");
}

static void restart_ask(struct service *service);

/* It ended with success, and nobody ordered that. */
static bool restart_ended_well(const struct record *record)
{
        return record->has_exit && !record->exit_signal && record->exit_code == 0;
}

/* It is down, and s6 does not want it any more: its finish script said so, or it was a single try. */
static void restart_brake(struct service *service)
{
        struct record *record = &service->record;
        char how[64];
        int64_t delay_msec;

        if (record->has_exit && record->exit_code == EXIT_CONFIGURATION) {
                restart_fail(service);
        } else if (record->has_exit && record->exit_code == EXIT_RUNS_ELSEWHERE) {
                restart_hold_elsewhere(service->registry, record);
                log_event("service: held: it runs elsewhere service=%s", service->name);
        } else {
                record->attempt =
                        policy_attempt(&service->registry->policy, record->attempt, service->last_run_msec);
                delay_msec = policy_delay_msec(&service->registry->policy, record->attempt);
                record->hold = HOLD_BACKOFF;
                record->next_start_usec = clock_utc_usec() + delay_msec * 1000;
                restart_describe_exit(record, how, sizeof(how));
                snprintf(record->reason, sizeof(record->reason), "%s: %s; attempt %u waits %lld s",
                         restart_ended_well(record) ? "it ended by itself, though it is wanted" : "it keeps ending",
                         how, record->attempt, (long long)delay_msec / 1000);
                log_event("service: backoff: service=%s code=%d signal=%d attempt=%u delay_msec=%lld",
                          service->name, record->exit_code, record->exit_signal, record->attempt,
                          (long long)delay_msec);
        }
        service_set_down(service, true);
        service_save(service);
        restart_ask(service);
}

/* A single run, so that one retry is not a burst of five. */
static void restart_run_once(struct service *service)
{
        service->record.hold = HOLD_BACKOFF;
        service->record.next_start_usec = 0;
        service->retry_base_usec = service->status.since_usec;
        service->retry_until_msec = clock_msec() + RETRY_MSEC;
        service_set_down(service, false);
        service_save(service);
        service_sent(service, s6_control_send(service_at(service), service->name, "o"));
}

/* Restarts that it asked for have a budget in a longer time, which a retry does not renew. */
static void restart_retry(struct service *service)
{
        if (!service->record.has_exit || service->record.exit_code != EXIT_RESTART_ME)
                service_clear_tallies(service, true, false);
        restart_run_once(service);
        log_event("service: retry: service=%s attempt=%u", service->name, service->record.attempt);
}

/* It runs, and has for long enough: s6 shall want it again, and the failures are history. */
static void restart_recovered(struct service *service)
{
        struct record *record = &service->record;

        if (!service->status.want_up)
                service_sent(service, s6_control_send(service_at(service), service->name, "u"));
        if (record->hold == HOLD_NONE)
                return;
        record->hold = HOLD_NONE;
        record->next_start_usec = 0;
        record->reason[0] = 0;
        service_set_down(service, false);
        service_save(service);
}

static void restart_looked(struct survey *survey)
{
        struct registry *registry = survey->owner;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        struct service *service;

        if (registry->stopping)
                return;
        name_service_of(survey->facts[0].name, name, sizeof(name));
        service = registry_find(registry, name);
        if (!service)
                return;
        service->looking = false;
        if (!restart_is_elsewhere(service) || service->goal.kind != GOAL_NONE ||
            service->operation != OPERATION_NONE)
                return;
        if (survey->late || survey->result || survey->facts[0].hung || survey->facts[0].locked) {
                service->record.next_start_usec =
                        clock_utc_usec() + service->registry->policy.elsewhere_msec * 1000;
                service_wake(service);
        } else {
                log_event("service: its lock is free: service=%s", service->name);
                restart_retry(service);
        }
}

/* Its lock is looked at, by the thread that may wait for the volume. */
static void restart_look(struct service *service)
{
        struct survey *survey = survey_new(&service->profile, 1);

        service->record.next_start_usec = clock_utc_usec() + service->registry->policy.elsewhere_msec * 1000;
        if (!survey)
                return;
        service->looking = true;
        survey->done = restart_looked;
        survey->owner = service->registry;
        survey_run(&service->registry->store, survey);
}

int64_t restart_wait_msec(const struct service *service)
{
        const struct registry *registry = service->registry;
        const struct record *record = &service->record;
        int64_t most_msec = registry->policy.most_msec;
        int64_t left_msec;

        if (!record->want_up || !service->supervised || service->status.pid || record->pending)
                return INT64_MAX;
        if (record->hold == HOLD_BACKOFF && !record->next_start_usec)
                return service->retry_until_msec - clock_msec();
        if (record->hold == HOLD_NONE || !record->next_start_usec)
                return INT64_MAX;
        left_msec = (record->next_start_usec - clock_utc_usec()) / 1000;
        if (most_msec < registry->policy.elsewhere_msec)
                most_msec = registry->policy.elsewhere_msec;
        return left_msec > most_msec ? 0 : left_msec; /* more than it ever was: the clock was set back */
}

/* The single try ended with 75: it gets what it asks for, like any run, unless it asks for it again and
 * again. 1: yes, 0: no, or a negative errno: that cannot be seen yet. */
static int restart_is_asked_for(struct service *service)
{
        unsigned deaths;
        int result;

        if (!service->record.has_exit || service->record.exit_code != EXIT_RESTART_ME ||
            service->status.since_usec == service->retry_base_usec)
                return 0;
        result = s6_tally_recent(service_at(service), service->name, RESTARTS_SECONDS, &deaths);
        if (result) {
                again_note(service, AGAIN_LOOK, result);
                return result;
        }
        return deaths <= RESTARTS_FREE;
}

/* Why it is not to run now, whatever is wanted; NULL: it may. */
static const char *restart_obstacle(const struct service *service)
{
        if (service->record.gone)
                return HOME_GONE_REASON;
        return multiplex_holds(service->registry, service->profile) ? MULTIPLEX_REASON : NULL;
}

static void restart_hold(struct service *service, const char *reason)
{
        struct record *record = &service->record;

        if (record->hold == HOLD_HELD && !strcmp(record->reason, reason))
                return;
        record->hold = HOLD_HELD;
        record->cause = record->gone ? CAUSE_NONE : CAUSE_SERVED;
        record->next_start_usec = 0;
        snprintf(record->reason, sizeof(record->reason), "%s", reason);
        service_set_down(service, true);
        service_save(service);
        if (service->status.want_up) /* between two of s6's own tries */
                service_sent(service, s6_control_send(service_at(service), service->name, "d"));
        log_event("service: held: service=%s gone=%d", service->name, record->gone);
}

/* The application's own word: it was not to be down when this run had settled, and is now. */
static void restart_accept_stop(struct service *service)
{
        struct record *record = &service->record;

        record->want_up = false;
        record->hold = HOLD_NONE;
        record->attempt = 0;
        record->next_start_usec = 0;
        record->reason[0] = '\0';
        record->own_stop = record->unpersisted = true;
        log_event("service: stopped by its own means: service=%s", service->name);
        service_save(service);
        persist_soon(service->registry);
        service_wake(service);
}

static struct service *asked_service(const struct survey *survey, const struct profile_facts *facts)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        name_service_of(facts->name, name, sizeof(name));
        return registry_find(survey->owner, name);
}

static bool survey_knows(const struct survey *survey)
{
        const struct registry *registry = survey->owner;

        return !registry->stopping && !survey->late && !survey->result;
}

static void restart_asked(struct survey *survey)
{
        const struct profile_facts *facts = &survey->facts[survey->count - 1];
        struct service *service;

        if (!survey_knows(survey))
                return;
        multiplex_take(survey->owner, survey->config);
        service = facts->hung ? NULL : asked_service(survey, facts);
        if (!service)
                return;
        if (home_trust(survey->owner, survey))
                home_judge_one(service, facts);
        if (service->record.hold == HOLD_BACKOFF && service->record.next_start_usec && service->record.want_up &&
            service->goal.kind == GOAL_NONE && service->operation == OPERATION_NONE &&
            restart_ended_well(&service->record) && service->sampled.known && !service->sampled.stopped &&
            facts->exists && facts->prior.stopped)
                restart_accept_stop(service);
        else
                service_wake(service);
}

/* Of the volume, and of its profile there; not in root's lane: how often, and how long it takes, is the client's to say. NULL: out of
 * memory. */
static struct survey *survey_of(const struct service *service, void (*done)(struct survey *survey))
{
        const char *names[] = {"default", service->profile};
        struct survey *survey = survey_new(names, strcmp(service->profile, "default") ? 2 : 1);

        if (!survey)
                return NULL;
        survey->done = done;
        survey->owner = service->registry;
        return survey;
}

/* How things are on the volume, now that it has ended. */
static void restart_ask(struct service *service)
{
        struct survey *survey = survey_of(service, restart_asked);

        if (survey)
                survey_run(&service->registry->store, survey);
}

static void restart_sampled(struct survey *survey)
{
        const struct registry *registry = survey->owner;
        const struct profile_facts *facts = &survey->facts[survey->count - 1];
        struct service *service = registry->stopping ? NULL : asked_service(survey, facts);

        if (!service)
                return;
        service->sampled.looking = false;
        if (!survey_knows(survey) || facts->hung || !service_is_alive(service))
                return;
        service->sampled.known = true;
        service->sampled.stopped = facts->prior.stopped;
        if (home_trust(survey->owner, survey))
                home_judge_one(service, facts);
}

/* Once a run: what the application's own state says while it is well. */
static void restart_sample(struct service *service)
{
        struct survey *survey;

        if (service->sampled.known || service->sampled.looking || !(survey = survey_of(service, restart_sampled)))
                return;
        service->sampled.looking = true;
        survey_run(&service->registry->store, survey);
}

static void restart_follow_down(struct service *service)
{
        const struct record *record = &service->record;
        const char *obstacle = restart_obstacle(service);
        int asked;

        if (obstacle)
                restart_hold(service, obstacle);
        else if (record->hold == HOLD_NONE && !service->status.want_up)
                restart_brake(service);
        else if (record->next_start_usec) {
                if (restart_wait_msec(service) > 0)
                        return;
                if (!restart_is_elsewhere(service))
                        restart_retry(service);
                else if (!service->looking)
                        restart_look(service);
        } else if (record->hold == HOLD_BACKOFF && (asked = restart_is_asked_for(service)) != 0) {
                if (asked > 0)
                        restart_run_once(service);
        } else if (record->hold == HOLD_BACKOFF && (service->status.since_usec != service->retry_base_usec ||
                                                    clock_msec() >= service->retry_until_msec))
                restart_brake(service); /* the single try ended too, or s6 could not begin it */
}

void restart_follow_record(struct service *service)
{
        /* What is pending has been recorded and not been ordered yet: it is not lost. */
        if (!service->record.want_up || !service->supervised || service->status.finishing ||
            service->record.pending)
                return;
        if (!service->status.pid)
                restart_follow_down(service);
        else if (service->told == TOLD_NOTHING && service_state(service) == STATE_UP) {
                if (!service->status.want_up || service->record.hold != HOLD_NONE)
                        restart_recovered(service);
                restart_sample(service);
        }
}

void restart_forgive(struct service *service)
{
        struct record *record = &service->record;

        record->hold = HOLD_NONE;
        record->attempt = 0;
        record->next_start_usec = 0;
        record->restarts = 0;
        record->reason[0] = 0;
        record->own_stop = false;
        service->died_unasked = false;
        logger_forgive(service);
}

void restart_reset(struct service *service)
{
        struct record *record = &service->record;
        struct record before = *record;
        bool held = before.hold != HOLD_NONE && !service_is_alive(service);

        restart_forgive(service);
        if (held && before.hold == HOLD_HELD) { /* for what is no failure of its own: that is as it was */
                record->hold = HOLD_HELD;
                record->cause = before.cause;
                record->next_start_usec = before.next_start_usec;
                memcpy(record->reason, before.reason, sizeof(record->reason));
        } else if (held) {
                record->hold = HOLD_HELD;
                record->cause = CAUSE_FORGIVEN;
                snprintf(record->reason, sizeof(record->reason),
                         "its failures were forgotten; start it to run it");
        }
        if (service->supervised)
                service_clear_tallies(service, true, false);
}
