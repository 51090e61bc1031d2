/* SPDX-License-Identifier: ISC */
#include "daemon/loop/worker.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/loop/confine.h"
#include "daemon/loop/identity.h"

static void ring(int fd)
{
        const uint64_t one = 1;

        while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
                ;
}

void worker_clear(struct deputy_job *trash)
{
        for (; trash; trash = trash->next)
                if (trash->clear)
                        trash->clear(trash);
}

static bool worker_wait(struct worker *worker)
{
        uint64_t rung;

        while (read(worker->wake_fd, &rung, sizeof(rung)) < 0)
                if (errno != EINTR)
                        return false;
        return !atomic_load(&worker->crew->ending);
}

static void *worker_main(void *argument)
{
        struct worker *worker = argument;
        struct crew *crew = worker->crew;
        struct schedule schedule;
        int failure = crew->switches ? -identity_become(crew->uid, crew->gid, crew->signals) : 0;

        schedule_read(&schedule);
        confine_take(crew->signals ? CONFINE_PROCESSES : CONFINE_VOLUME);
        atomic_store(&worker->failure, failure);
        atomic_store(&worker->ready, true);
        ring(crew->finished_fd);
        while (!failure && worker_wait(worker)) {
                if (atomic_load(&worker->handover) != WORKER_GIVEN)
                        continue;
                worker_clear(worker->trash);
                if (worker->job)
                        worker->job->work(worker->job);
                if (crew->signals && crew->switches && !schedule_is(&schedule))
                        atomic_store(&worker->spoiled, true);
                atomic_store(&worker->handover, WORKER_FINISHED);
                ring(crew->finished_fd);
        }
        return NULL;
}

static int start_thread(struct worker *worker)
{
        pthread_attr_t attributes;
        sigset_t all, before;
        int result = pthread_attr_init(&attributes);

        if (result)
                return -result;
        pthread_attr_setstacksize(&attributes, WORKER_STACK_BYTES);
        sigfillset(&all); /* signals are the loop's */
        pthread_sigmask(SIG_SETMASK, &all, &before);
        result = pthread_create(&worker->thread, &attributes, worker_main, worker);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attributes);
        return -result;
}

int worker_start(struct worker *worker, struct crew *crew, unsigned number)
{
        int result;

        *worker = (struct worker){.crew = crew, .number = number};
        worker->wake_fd = eventfd(0, EFD_CLOEXEC);
        if (worker->wake_fd < 0)
                return -errno;
        result = start_thread(worker);
        if (result)
                close(worker->wake_fd);
        return result;
}

bool worker_is_idle(const struct worker *worker)
{
        return !worker->retired && atomic_load(&worker->handover) == WORKER_IDLE;
}

void worker_wake(const struct worker *worker)
{
        ring(worker->wake_fd);
}

void worker_give(struct worker *worker, struct deputy_job *job, struct deputy_job *trash)
{
        worker->job = job;
        worker->trash = trash;
        if (job) {
                job->begun = true;
                job->worker = worker->number;
        }
        atomic_store(&worker->handover, WORKER_GIVEN);
        worker_wake(worker);
}
