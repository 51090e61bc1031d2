#include "daemon/service/logger.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "daemon/log/log.h"
#include "daemon/edge/s6_control.h"
#include "daemon/service/locks.h"
#include "daemon/service/registry.h"

/* As of the gateway: restart.c. */
#define RETRY_MSEC 5000
/* An `u` that shows no effect. */
#define SEND_AGAIN_MSEC 500

bool logger_is_running(const struct service *service)
{
        return service->logger.supervised && s6_status_is_alive(&service->logger.status);
}

/* A removal ends it on purpose. */
static void logger_died(struct service *service)
{
        struct logger *logger = &service->logger;

        logger->last_run_msec = clock_msec() - logger->run_began_msec;
        logger->died = service->operation == OPERATION_NONE && !logger->asked;
        logger->asked = false;
}

static void logger_began(struct service *service, const struct s6_status *now)
{
        struct logger *logger = &service->logger;
        int64_t age_msec = (clock_utc_usec() - now->since_usec) / 1000;

        logger->run_began_msec = clock_msec() - (age_msec > 0 ? age_msec : 0);
        logger->start = false;
        if (!logger->died)
                return;
        logger->died = false;
        service->record.log_restarts++;
        service_save(service);
}

static void logger_take(struct service *service, const struct s6_status *now)
{
        struct s6_status *old = &service->logger.status;
        bool other = now->pid != old->pid || s6_status_is_alive(now) != s6_status_is_alive(old);

        if (service->logger.supervised && s6_status_ran_between(old, now)) {
                logger_began(service, now);
                logger_died(service);
        }
        if (s6_status_is_alive(old) && other)
                logger_died(service);
        if (s6_status_is_alive(now) && other)
                logger_began(service, now);
        *old = *now;
        service->logger.supervised = true;
}

int logger_see(struct service *service)
{
        const struct service_log_name name = service_log_name(service);
        struct s6_status now;
        int alive, result;

        if (!service->has_log)
                return 0;
        alive = s6_control_alive(service_at(service), name.text);
        result = alive > 0 ? s6_status_read(service_at(service), name.text, &now) : alive;
        if (alive > 0 && result == 0)
                logger_take(service, &now);
        else if (alive == 0 || result == -ENOENT)
                service->logger.supervised = false;
        return result == -ENOENT ? 0 : result;
}

void logger_on_status(struct service *service)
{
        const struct service_log_name name = service_log_name(service);
        struct s6_status now;

        if (s6_status_read(service_at(service), name.text, &now) == 0)
                logger_take(service, &now);
        else
                service_see(service);
}

static void describe_exit(const struct s6_status *status, char *text, size_t size)
{
        if (WIFSIGNALED(status->wait_status))
                snprintf(text, size, "by SIG%s", sigabbrev_np(WTERMSIG(status->wait_status)) ?: "?");
        else
                snprintf(text, size, "with exit code %d", WEXITSTATUS(status->wait_status));
}

void logger_reason(const struct service *service, char *text, size_t size)
{
        char how[64];

        text[0] = 0;
        if (!service->record.log_attempt || !service->record.log_next_start_usec)
                return;
        describe_exit(&service->logger.status, how, sizeof(how));
        snprintf(text, size, "its logger keeps ending: %s; attempt %u waits %lld s", how,
                 service->record.log_attempt,
                 (long long)policy_delay_msec(&service->registry->policy, service->record.log_attempt) /
                         1000);
}

static void logger_send(struct service *service, const char *letters)
{
        const struct service_log_name name = service_log_name(service);

        /* What could not be written for another reason is given again: logger_wait_msec(). */
        if (s6_control_is_gone(s6_control_send(service_at(service), name.text, letters)))
                service->logger.supervised = false;
}

/* It is down, and s6 does not want it any more. */
static void logger_brake(struct service *service)
{
        const struct policy *policy = &service->registry->policy;
        struct record *record = &service->record;

        record->log_attempt = policy_attempt(policy, record->log_attempt, service->logger.last_run_msec);
        record->log_next_start_usec =
                clock_utc_usec() + policy_delay_msec(policy, record->log_attempt) * 1000;
        service->logger.retry_until_msec = 0;
        service_save(service);
        log_event("logger: backoff: service=%s attempt=%u delay_msec=%lld", service->name,
                  record->log_attempt, (long long)policy_delay_msec(policy, record->log_attempt));
}

/* A single run, so that one retry is not a burst of five. */
static void logger_retry(struct service *service)
{
        struct logger *logger = &service->logger;

        service->record.log_next_start_usec = 0;
        logger->retry_base_usec = logger->status.since_usec;
        logger->retry_until_msec = clock_msec() + RETRY_MSEC;
        service_clear_tallies(service, false, true);
        service_save(service);
        logger_send(service, "o");
        log_event("logger: retry: service=%s attempt=%u", service->name, service->record.log_attempt);
}

static void logger_follow_up(struct service *service)
{
        struct record *record = &service->record;
        int64_t age_msec = clock_msec() - service->logger.run_began_msec;

        if (record->log_next_start_usec) { /* a new s6-supervise started it, or somebody else */
                record->log_next_start_usec = 0;
                service_save(service);
        }
        if (!service->logger.status.want_up && age_msec >= service->registry->settle_msec)
                logger_send(service, "u");
}

void logger_follow(struct service *service)
{
        struct logger *logger = &service->logger;
        const struct record *record = &service->record;

        if (!service->has_log || !logger->supervised || logger->status.finishing)
                return;
        if (logger->status.pid)
                logger_follow_up(service);
        else if (logger->status.want_up)
                return; /* s6 starts it within its second */
        else if (logger->start)
                logger_send(service, "u");
        else if (record->log_next_start_usec) {
                if (logger_wait_msec(service) <= 0)
                        logger_retry(service);
        } else if (!logger->retry_until_msec || logger->status.since_usec != logger->retry_base_usec ||
                   clock_msec() >= logger->retry_until_msec)
                logger_brake(service);
}

int64_t logger_wait_msec(const struct service *service)
{
        const struct logger *logger = &service->logger;
        const struct record *record = &service->record;
        int64_t left_msec;

        if (!service->has_log || !logger->supervised || logger->status.finishing || logger->status.want_up)
                return INT64_MAX;
        if (logger->status.pid) {
                left_msec = logger->run_began_msec + service->registry->settle_msec - clock_msec();
                return left_msec > 0 ? left_msec : SEND_AGAIN_MSEC;
        }
        if (logger->start)
                return SEND_AGAIN_MSEC;
        if (!record->log_next_start_usec)
                return logger->retry_until_msec ? logger->retry_until_msec - clock_msec() : INT64_MAX;
        left_msec = (record->log_next_start_usec - clock_utc_usec()) / 1000;
        /* More than it ever was: the clock was set back. */
        return left_msec > service->registry->policy.most_msec ? 0 : left_msec;
}

void logger_forgive(struct service *service)
{
        struct logger *logger = &service->logger;
        struct record *record = &service->record;

        record->log_attempt = 0;
        record->log_next_start_usec = 0;
        record->log_restarts = 0;
        logger->died = false;
        logger->retry_until_msec = 0;
        if (!service->has_log || !logger->supervised)
                return;
        service_clear_tallies(service, false, true);
        if (logger_is_running(service)) {
                if (step_logger_stands(service))
                        logger_send(service, "c");
                locks_try_again(service);
                return;
        }
        /* Also what its finish, which still runs, may undo with a 125: logger_follow() sends it again. */
        logger->start = true;
        if (!logger->status.want_up)
                logger_send(service, "u");
}
