/* SPDX-License-Identifier: ISC */
#include "daemon/service/locks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/edge/piped.h"
#include "daemon/edge/volume_locks.h"
#include "daemon/log/log.h"
#include "daemon/service/log_pipe.h"
#include "daemon/service/registry.h"
#include "proto/name.h"

/* A look: the deputy's job, and what its thread found. */
struct look {
        struct deputy_job job;
        struct registry *registry;
        const char *home;
        uid_t uid;
        char profile[LIMIT_PROFILE_NAME_BYTES + 1];
        pid_t pid, log_pid; /* 0: it does not run */
        struct volume_locks found;
        enum piped piped;
};

/* Is there anything for the logger to write? There is nothing where its gateway is not wanted, or runs in
 * another container, whose logger has the directory. */
static bool is_of_use(const struct service *service)
{
        return service_is_alive(service) ||
               (service->record.want_up && service->record.brake.hold != HOLD_HELD);
}

struct log_place locks_log(const struct service *service)
{
        const struct log_place well = {.trouble = LOG_WELL};

        /* LOG_UNKNOWN is shown as LOG_WELL, so that a look which finds nothing wrong is no change. */
        return service->locks.log.trouble != LOG_UNKNOWN && is_of_use(service) ? service->locks.log : well;
}

void locks_log_problem(const struct service *service, char *text, size_t size)
{
        const struct log_place log = locks_log(service);

        locks_describe_log(&log, text, size);
}

const char *locks_problem(const struct service *service)
{
        return service->locks.unlocked ? locks_unlocked_text : NULL;
}

static pid_t pid_of_logger(const struct service *service)
{
        return service->logger.there ? run_pid(&service->logger) : 0;
}

static int64_t log_age_msec(const struct service *service)
{
        return clock_msec() - service->logger.began_msec;
}

void locks_try_again(struct service *service)
{
        struct locks *locks = &service->locks;

        if (locks->log.trouble <= LOG_WELL || !pid_of_logger(service) ||
            locks->log_pid != pid_of_logger(service))
                return;
        locks->try_msec = clock_msec();
        log_event("logger: is ended, to try its directory again: service=%s", service->name);
        run_order(&service->logger, "t");
}

static int64_t next_look_msec(struct locks *locks)
{
        int64_t delay_msec = locks_delay_msec(
                &(struct locks_known){locks->log.trouble, locks->unlocked, locks->log_pid, locks->pid},
                locks->looks++);

        return delay_msec ? clock_msec() + delay_msec : 0;
}

static void take(struct service *service, const struct volume_locks *found)
{
        struct locks *locks = &service->locks;
        pid_t logger = pid_of_logger(service);
        struct log_place before = locks->log;
        bool unlocked = locks->unlocked;
        int64_t age_msec = clock_msec() - service->own.began_msec;

        if (found && locks->log_pid == logger)
                locks->log = locks_judge_log(found, logger, log_age_msec(service));
        if (found && locks->pid && locks->pid == run_pid(&service->own))
                locks->unlocked = locks_judge_gateway(found, age_msec);
        locks->look_msec = next_look_msec(locks);
        if (locks->log.trouble > LOG_WELL && before.trouble != locks->log.trouble)
                log_event("logger: does not use its directory: service=%s why=%d detail=%d", service->name,
                          (int)locks->log.trouble, locks->log.detail);
        if (locks->unlocked && !unlocked)
                log_event("service: runs without its lock service=%s", service->name);
        if (locks->log.trouble == LOG_UNUSED && log_age_msec(service) > LOCKS_GRACE_MSEC &&
            is_of_use(service) && (!locks->try_msec || clock_msec() - locks->try_msec > LOCKS_TRY_MSEC))
                locks_try_again(service);
}

static bool is_due(const struct service *service, int64_t now_msec)
{
        return service->profile && service->locks.look_msec && service->locks.look_msec <= now_msec;
}

static void run_next(struct registry *registry);

static void look_work(struct deputy_job *job)
{
        struct look *look = (struct look *)job;

        if (look->pid && look->log_pid)
                look->piped = piped_look(look->pid, look->log_pid, look->uid);
        volume_look_at_locks(look->home, look->profile, look->uid, &look->found);
}

static void look_done(struct deputy_job *job, bool late)
{
        struct look *look = (struct look *)job;
        struct registry *registry = look->registry;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        struct service *service;

        if (registry->stopping)
                return;
        name_service_of(look->profile, name, sizeof(name));
        service = registry_find(registry, name);
        if (service)
                take(service, late ? NULL : &look->found);
        if (service && !late && look->pid && look->pid == run_pid(&service->own) &&
            look->log_pid == pid_of_logger(service))
                log_pipe_was_seen(service, look->piped);
        /* While a late look hangs there is no other, so that it costs one thread only. */
        if (!late) {
                registry->locks.busy = false;
                run_next(registry);
        }
        if (service)
                service_wake(service);
}

static void look_drop(struct deputy_job *job)
{
        struct look *look = (struct look *)job;

        if (job->late) {
                look->registry->locks.busy = false;
                if (!look->registry->stopping)
                        run_next(look->registry);
        }
        free(look);
}

static bool run(struct service *service)
{
        struct registry *registry = service->registry;
        struct store *store = &registry->store;
        struct look *look;

        if (deputy_is_stuck(&store->deputy, STORE_LANE_LOOKS) || !(look = calloc(1, sizeof(*look))))
                return false;
        look->job = (struct deputy_job){.work = look_work,
                                        .done = look_done,
                                        .drop = look_drop,
                                        .timeout_msec = LOCKS_LOOK_MSEC,
                                        .lane = STORE_LANE_LOOKS};
        look->registry = registry;
        look->home = store->home;
        look->uid = store->deputy.crew.uid;
        look->pid = service->locks.pid;
        look->log_pid = service->locks.log_pid;
        snprintf(look->profile, sizeof(look->profile), "%s", service->profile);
        service->locks.look_msec = 0; /* take() says when the next look is due */
        registry->locks.busy = true;
        deputy_run(&store->deputy, &look->job);
        return true;
}

/* Begins the next look that is due; the services have their turns. */
static void run_next(struct registry *registry)
{
        int64_t now_msec = clock_msec();

        for (size_t i = 0; i < registry->count && !registry->locks.busy; i++) {
                size_t at = (registry->locks.at + i) % registry->count;
                struct service *service = registry->services[at];

                if (!is_due(service, now_msec))
                        continue;
                registry->locks.at = at + 1;
                if (run(service))
                        continue;
                service->locks.look_msec = now_msec + LOCKS_AGAIN_MSEC;
                service_wake(
                        service); /* its timer may have been stopped, since another's look was under way */
        }
}

void locks_follow(struct service *service)
{
        struct locks *locks = &service->locks;
        pid_t logger = pid_of_logger(service);
        pid_t pid = run_pid(&service->own);

        if (logger != locks->log_pid || pid != locks->pid) {
                if (logger != locks->log_pid)
                        locks->log = (struct log_place){.trouble = LOG_UNKNOWN};
                if (pid != locks->pid)
                        locks->unlocked = false;
                locks->log_pid = logger;
                locks->pid = pid;
                locks->looks = 0;
                locks->look_msec = logger || pid ? clock_msec() + LOCKS_FIRST_MSEC : 0;
        }
        if (is_due(service, clock_msec()) && !service->registry->locks.busy)
                run_next(service->registry);
}

int64_t locks_wait_msec(const struct service *service)
{
        int64_t left_msec = service->locks.look_msec - clock_msec();

        if (!service->locks.look_msec || (left_msec <= 0 && service->registry->locks.busy))
                return INT64_MAX; /* this look begins when the one under way is done */
        return left_msec > 0 ? left_msec : 0;
}

void locks_look_all(struct registry *registry)
{
        for (size_t i = 0; i < registry->count; i++) {
                struct service *service = registry->services[i];

                if (service->profile && (service->locks.log_pid || service->locks.pid))
                        service->locks.look_msec = 1;
        }
        run_next(registry);
}

bool locks_is_looking(const struct registry *registry)
{
        int64_t now_msec = clock_msec();

        if (registry->locks.busy)
                return true;
        for (size_t i = 0; i < registry->count; i++)
                if (is_due(registry->services[i], now_msec))
                        return true;
        return false;
}
