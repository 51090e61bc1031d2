#include "daemon/service/stand_in.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log/log.h"
#include "daemon/edge/run_signal.h"
#include "daemon/service/registry.h"

/* Between two tries, doubling: soon, for a run that is about to drop its privileges; seldom, for a static
 * service that keeps them, and which s6-supervise can signal after all. */
#define STAND_IN_PAUSE_MSEC 20
#define STAND_IN_PAUSE_MOST_MSEC 10000
#define STAND_IN_TIMEOUT_MSEC 2000

/* By value: the service may be gone when it is done. */
struct stand_in_job {
        struct deputy_job job;
        struct registry *registry;
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        bool tracked;
        bool kill; /* of stand_in.kill, when it began */
        int64_t since_usec;
        struct run_mark mark;
        int signals[2];
        size_t count;
        enum run_signal result;
};

static void job_free(struct deputy_job *job)
{
        struct stand_in_job *own = (struct stand_in_job *)job;

        free(own);
}

static void job_work(struct deputy_job *job)
{
        struct stand_in_job *own = (struct stand_in_job *)job;

        own->result = run_signal_send(&own->mark, own->registry->deputy.crew.uid, own->signals, own->count);
}

static void stand_in_close(struct service *service)
{
        service->stand_in.open = false;
        service_delivered(service);
}

static void stand_in_later(struct service *service)
{
        struct stand_in *stand_in = &service->stand_in;

        stand_in->again_msec = clock_msec() + stand_in->pause_msec;
        if (stand_in->pause_msec < STAND_IN_PAUSE_MOST_MSEC)
                stand_in->pause_msec *= 2;
}

static void job_done(struct deputy_job *job, bool late)
{
        struct stand_in_job *own = (struct stand_in_job *)job;
        struct service *service = registry_find(own->registry, own->name);

        if (service && own->tracked && service->stand_in.open && service->stand_in.kill == own->kill &&
            service->stand_in.pid == own->mark.pid && service->stand_in.since_usec == own->since_usec) {
                service->stand_in.busy = false;
                if (!late && own->result != RUN_NOT_YET)
                        stand_in_close(service);
                else
                        stand_in_later(service);
                service_wake(service);
        }
}

static int run_job(struct service *service, bool log, const int *signals, size_t count, bool tracked)
{
        struct stand_in_job *own = calloc(1, sizeof(*own));
        const struct service_log_name log_name = service_log_name(service);
        const char *name = log ? log_name.text : service->name;
        struct s6_status status;
        int result;

        if (!own)
                return -ENOMEM;
        status = service->status;
        result = log ? s6_status_read(service_at(service), name, &status) : 0;
        if (result == 0)
                result = run_mark(service_at(service), name, &status, &own->mark);
        if (result) {
                free(own);
                return result;
        }
        own->registry = service->registry;
        snprintf(own->name, sizeof(own->name), "%s", service->name);
        own->tracked = tracked;
        own->kill = service->stand_in.kill;
        own->since_usec = status.since_usec;
        memcpy(own->signals, signals, count * sizeof(*signals));
        own->count = count;
        own->job = (struct deputy_job){
                .work = job_work,
                .done = job_done,
                .drop = job_free,
                .timeout_msec = STAND_IN_TIMEOUT_MSEC,
                .lane = PROCESS_LANE_SIGNALS,
        };
        deputy_run(&service->registry->deputy, &own->job);
        return 0;
}

/* What s6-supervise does for `d` and `r`. */
static const int term_signals[] = {SIGTERM, SIGCONT};
static const int kill_signals[] = {SIGKILL};

static void stand_in_try(struct service *service)
{
        int result = service->stand_in.kill ? run_job(service, false, kill_signals, 1, true)
                                            : run_job(service, false, term_signals, 2, true);

        if (result == 0)
                service->stand_in.busy = true;
        else if (result == -ESRCH)
                stand_in_close(service);
        else
                stand_in_later(service);
}

void stand_in_signal(struct service *service, bool log, const char *letters)
{
        struct stand_in *stand_in = &service->stand_in;

        if (!service->registry->stands_in)
                return;
        if (log && strchr(letters, 'k'))
                run_job(service, log, kill_signals, 1, false);
        else if (log && strpbrk(letters, "dtr"))
                run_job(service, log, term_signals, 2, false);
        else if (strpbrk(letters, "kdtr")) {
                bool kill = strchr(letters, 'k') != NULL;

                /* A TERM that is under way already is not sent twice; a KILL takes its place. */
                if (!service_is_alive(service) || (stand_in->open && stand_in->kill >= kill))
                        return;
                *stand_in = (struct stand_in){.open = true,
                                              .kill = kill,
                                              .pid = service->status.pid,
                                              .since_usec = service->status.since_usec,
                                              .pause_msec = STAND_IN_PAUSE_MSEC};
                stand_in_try(service);
        } else if (strchr(letters, 'c')) {
                run_job(service, log, (const int[]){SIGCONT}, 1, false);
        }
}

void stand_in_step(struct service *service)
{
        struct stand_in *stand_in = &service->stand_in;

        if (!stand_in->open)
                return;
        if (!service_is_alive(service) || service->status.pid != stand_in->pid ||
            service->status.since_usec != stand_in->since_usec)
                stand_in_close(service);
        else if (!stand_in->busy && clock_msec() >= stand_in->again_msec)
                stand_in_try(service);
}

int64_t stand_in_wait_msec(const struct service *service)
{
        const struct stand_in *stand_in = &service->stand_in;

        return stand_in->open && !stand_in->busy ? stand_in->again_msec - clock_msec() : INT64_MAX;
}
