#include "daemon/service/locks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"
#include "daemon/edge/s6_control.h"
#include "daemon/service/registry.h"
#include "proto/name.h"

/* The job, and what the thread found. */
struct look {
        struct deputy_job job;
        struct registry *registry;
        const char *home;
        uid_t uid;
        char profile[LIMIT_PROFILE_NAME_BYTES + 1];
        struct volume_locks found;
};

struct log_place locks_judge_log(const struct volume_locks *found, pid_t logger, int64_t age_msec)
{
        const struct log_place unknown = {.trouble = LOG_UNKNOWN};
        const struct volume_lock *lock = &found->log;
        bool early = age_msec < LOCKS_GRACE_MSEC;
        bool held = lock->result == 0 && lock->held && lock->holder == logger;

        if (found->opened || logger <= 0)
                return unknown;
        /* What is open stays so, whoever it belongs to now, and however it is mounted. */
        if (held)
                return (struct log_place){.trouble = found->log_full ? LOG_FULL : LOG_WELL, .held = found->log_full};
        if (lock->result == -ENOENT && early) /* it is about to make it */
                return unknown;
        if (found->log_read_only)
                return (struct log_place){.trouble = LOG_READ_ONLY};
        if (lock->result == 0 && !found->log_writable)
                return (struct log_place){.trouble = LOG_OWNER, .detail = (int)found->log_uid};
        if (lock->result)
                return (struct log_place){.trouble = LOG_ERROR, .detail = -lock->result};
        if (early)
                return unknown;
        if (lock->held)
                return (struct log_place){.trouble = LOG_BUSY, .detail = lock->holder};
        return (struct log_place){.trouble = found->log_full ? LOG_FULL : LOG_UNUSED};
}

bool locks_judge_gateway(const struct volume_locks *found, int64_t age_msec)
{
        const struct volume_lock *lock = &found->gateway;

        if (found->opened || (lock->result == 0 && lock->held))
                return false;
        /* What is no matter of time is so at any age. */
        return age_msec >= LOCKS_GRACE_MSEC || (lock->result && lock->result != -ENOENT);
}

/* Where nobody prints anything, what becomes of it is no problem: its gateway is not wanted, or runs in another container, whose
 * logger has the directory. */
static bool is_of_use(const struct service *service)
{
        return service_is_alive(service) || (service->record.want_up && service->record.hold != HOLD_HELD);
}

struct log_place locks_log(const struct service *service)
{
        const struct log_place well = {.trouble = LOG_WELL};

        /* That a look finds nothing is no change. */
        return service->locks.log.trouble != LOG_UNKNOWN && is_of_use(service) ? service->locks.log : well;
}

void locks_log_problem(const struct service *service, char *text, size_t size)
{
        const struct log_place place = locks_log(service), *log = &place;
        char why[96] = "";

        text[0] = 0;
        switch (log->trouble) {
        case LOG_UNKNOWN:
        case LOG_WELL:
                return;
        case LOG_ERROR:
                snprintf(why, sizeof(why), "%s", strerror(log->detail));
                break;
        case LOG_OWNER:
                snprintf(why, sizeof(why), "it or its lock is uid %u's, and cannot be written",
                         (unsigned)log->detail);
                break;
        case LOG_READ_ONLY:
                snprintf(why, sizeof(why), "%s", strerror(EROFS));
                break;
        case LOG_FULL:
                snprintf(why, sizeof(why), "%s", strerror(ENOSPC));
                break;
        case LOG_BUSY:
                snprintf(why, sizeof(why), "another process holds its lock");
                if (log->detail)
                        snprintf(why, sizeof(why), "process %d holds its lock", log->detail);
                break;
        case LOG_UNUSED:
                snprintf(why, sizeof(why), "it could not at its start, and is about to try again");
                break;
        }
        snprintf(text, size, "its logger cannot write in its directory (%s): its lines %s", why,
                 log->held ? "wait, and in the end so does the gateway" : "go to the container's "
                                                                                  "log only");
}

const char *locks_problem(const struct service *service)
{
        return service->locks.unlocked
                       ? "it runs without its lock on the volume, so that another container could start it "
                         "too: its log says why"
                       : NULL;
}

static pid_t pid_of_logger(const struct service *service)
{
        return service->has_log && logger_is_running(service) ? service->logger.status.pid : 0;
}

static int64_t log_age_msec(const struct service *service)
{
        return clock_msec() - service->logger.run_began_msec;
}

void locks_try_again(struct service *service)
{
        struct locks *locks = &service->locks;
        const struct service_log_name name = service_log_name(service);

        if (locks->log.trouble <= LOG_WELL || !pid_of_logger(service) ||
            locks->log_pid != pid_of_logger(service))
                return;
        locks->try_msec = clock_msec();
        service->logger.asked = true;
        log_event("logger: is ended, to try its directory again: service=%s", service->name);
        if (s6_control_is_gone(s6_control_send(service_at(service), name.text, "t")))
                service->logger.supervised = false;
}

/* When to look again: soon while it is too early to say, and now and then while something is wrong. */
static int64_t next_look_msec(struct locks *locks)
{
        bool well = locks->log.trouble == LOG_WELL || (locks->log.trouble == LOG_UNKNOWN && !locks->log_pid);
        int64_t delay_msec = LOCKS_FIRST_MSEC;

        for (unsigned i = 0; i < locks->looks && delay_msec < LOCKS_AGAIN_MSEC; i++)
                delay_msec *= 2;
        locks->looks++;
        /* The gateway's lock is only judged when it is old enough. */
        if (well && !locks->unlocked && (!locks->pid || locks->looks > LOCKS_LOOKS))
                return 0;
        return clock_msec() + (delay_msec < LOCKS_AGAIN_MSEC ? delay_msec : LOCKS_AGAIN_MSEC);
}

static void take(struct service *service, const struct volume_locks *found)
{
        struct locks *locks = &service->locks;
        pid_t logger = pid_of_logger(service);
        struct log_place before = locks->log;
        bool unlocked = locks->unlocked;
        int64_t age_msec = clock_msec() - service->run_began_msec;

        if (found && locks->log_pid == logger)
                locks->log = locks_judge_log(found, logger, log_age_msec(service));
        if (found && locks->pid && locks->pid == service->status.pid && service_is_alive(service))
                locks->unlocked = locks_judge_gateway(found, age_msec);
        locks->look_msec = next_look_msec(locks);
        if (locks->log.trouble > LOG_WELL && before.trouble != locks->log.trouble)
                log_event("logger: does not use its directory: service=%s why=%d detail=%d", service->name,
                          (int)locks->log.trouble, locks->log.detail);
        if (locks->unlocked && !unlocked)
                log_event("service: runs without its lock service=%s", service->name);
        if (locks->log.trouble == LOG_UNUSED && log_age_msec(service) > LOCKS_GRACE_MSEC && is_of_use(service) &&
            (!locks->try_msec || clock_msec() - locks->try_msec > LOCKS_TRY_MSEC))
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
        /* While one hangs there is no other: it costs one thread. */
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
        snprintf(look->profile, sizeof(look->profile), "%s", service->profile);
        service->locks.look_msec = 0; /* take() says when again */
        registry->locks.busy = true;
        deputy_run(&store->deputy, &look->job);
        return true;
}

/* The next one whose time it is, in turn. */
static void run_next(struct registry *registry)
{
        int64_t now_msec = clock_msec();

        for (size_t i = 0; i < registry->count && !registry->locks.busy; i++) {
                size_t at = (registry->locks.at + i) % registry->count;
                struct service *service = registry->services[at];

                if (!is_due(service, now_msec))
                        continue;
                registry->locks.at = at + 1;
                if (!run(service))
                        service->locks.look_msec = now_msec + LOCKS_AGAIN_MSEC;
        }
}

void locks_follow(struct service *service)
{
        struct locks *locks = &service->locks;
        pid_t logger = pid_of_logger(service);
        pid_t pid = service_is_alive(service) ? service->status.pid : 0;

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
                return INT64_MAX; /* it comes when the one before it is done */
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
