/* SPDX-License-Identifier: ISC */
#include "daemon/loop/deputy.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/log/log.h"
#include "daemon/loop/pace.h"
#include "proto/sysname.h"

static int deputy_add_worker(struct deputy *deputy)
{
        int result = deputy->count == DEPUTY_WORKERS_MOST
                             ? -EAGAIN
                             : worker_start(&deputy->workers[deputy->count], &deputy->crew, deputy->count);

        deputy->count += result == 0;
        return result;
}

static struct worker *deputy_idle_worker(struct deputy *deputy)
{
        for (unsigned i = 0; i < deputy->count; i++)
                if (worker_is_idle(&deputy->workers[i]))
                        return &deputy->workers[i];
        return NULL;
}

/* Gives the worker what is to be cleared, and a job. NULL: no job. */
static void deputy_give(struct deputy *deputy, struct worker *worker, struct deputy_job *job)
{
        struct deputy_job *trash = deputy->trash;

        deputy->trash = NULL;
        worker_give(worker, job, trash);
}

static void job_begin_time(struct deputy_job *job)
{
        job->deadline_msec = job->timeout_msec ? clock_msec() + job->timeout_msec : INT64_MAX;
}

/* Takes the first job of the lane, and those behind it that are worked with it, for the worker to begin. */
static struct deputy_job *lane_take(struct deputy_lane *lane, const struct worker *worker)
{
        struct deputy_job *first = lane->queue, *last = first;

        while (first->joins && last->next && first->joins(first, last->next))
                last = last->next;
        lane->queue = last->next;
        last->next = NULL;
        lane->running = first;
        for (struct deputy_job *job = first; job; job = job->next) {
                job->begun = true;
                job->worker = worker->number;
                job_begin_time(job);
        }
        return first;
}

static void lane_begin(struct deputy *deputy, struct deputy_lane *lane)
{
        struct worker *worker;
        const struct deputy_job *job = lane->queue;

        if (lane->running || !job || (job->may_begin && !job->may_begin(job)))
                return;
        worker = deputy_idle_worker(deputy);
        if (!worker) {
                deputy->no_thread = deputy_add_worker(deputy) != 0;
                worker = deputy_idle_worker(deputy);
        }
        if (worker)
                deputy_give(deputy, worker, lane_take(lane, worker));
}

/*
 * When a job that has not begun is judged: not just before the running one, which it waits for. Both may have
 * come in the same instant, and the waiting job is not to blame for the time that the running one takes.
 */
static int64_t job_verdict_msec(const struct deputy_lane *lane, const struct deputy_job *job)
{
        const struct deputy_job *running = lane->running;

        if (!running || running->late || job->deadline_msec == INT64_MAX ||
            running->deadline_msec < job->deadline_msec ||
            running->deadline_msec - job->deadline_msec > DEPUTY_VERDICT_MSEC)
                return job->deadline_msec;
        return running->deadline_msec;
}

static void deputy_set_overseer(struct deputy *deputy)
{
        int64_t now = clock_msec();
        int64_t next = deputy->no_thread ? now + DEPUTY_THREAD_AGAIN_MSEC : INT64_MAX;

        for (unsigned i = 0; i < DEPUTY_LANES; i++) {
                const struct deputy_job *running = deputy->lanes[i].running;

                if (running && !running->late && running->deadline_msec < next)
                        next = running->deadline_msec;
                for (const struct deputy_job *job = deputy->lanes[i].queue; job; job = job->next)
                        if (job_verdict_msec(&deputy->lanes[i], job) < next)
                                next = job_verdict_msec(&deputy->lanes[i], job);
        }
        if (next == INT64_MAX)
                timer_stop(&deputy->overseer);
        else
                timer_start(&deputy->overseer, next > now ? (uint64_t)(next - now) : 0);
}

static void deputy_go_on(struct deputy *deputy)
{
        struct worker *worker;

        deputy->no_thread = false;
        for (unsigned i = 0; i < DEPUTY_LANES; i++)
                lane_begin(deputy, &deputy->lanes[i]);
        worker = deputy->trash ? deputy_idle_worker(deputy) : NULL;
        if (worker)
                deputy_give(deputy, worker, NULL);
        deputy_set_overseer(deputy);
}

static void drop_all(struct deputy_job *jobs)
{
        while (jobs) {
                struct deputy_job *job = jobs;

                jobs = job->next;
                if (job->drop)
                        job->drop(job);
        }
}

/* Lets go of a job whose `done` is not to be called any longer: it is cleared if it was begun, or dropped. */
static void deputy_throw_away(struct deputy *deputy, struct deputy_job *job)
{
        job->next = NULL;
        if (job->clear && job->begun && !job->is_clear) {
                job->next = deputy->trash;
                deputy->trash = job;
        } else {
                drop_all(job);
        }
}

/* Ends jobs that a thread is through with. The `done` of late ones has been called before. */
static void deputy_end_jobs(struct deputy *deputy, struct deputy_job *jobs)
{
        while (jobs) {
                struct deputy_job *job = jobs;
                bool is_ours = job->drop != NULL;

                jobs = job->next;
                if (!job->late)
                        job->done(job, false);
                if (is_ours)
                        deputy_throw_away(deputy, job);
        }
}

/* Retires a thread whose scheduling somebody has changed: its jobs might take for ever. */
static void worker_look_at_schedule(struct deputy *deputy, struct worker *worker)
{
        if (!atomic_load(&worker->spoiled) || worker->retired || deputy->spoiled == DEPUTY_SPOILED_MOST)
                return;
        log_event("deputy: a thread's scheduling was changed from outside: it is not used any more");
        worker->retired = true;
        deputy->spoiled++;
}

static void worker_finished(struct deputy *deputy, struct worker *worker)
{
        struct deputy_job *job = worker->job;
        struct deputy_job *trash = worker->trash;
        struct deputy_lane *lane;

        worker->job = worker->trash = NULL;
        atomic_store(&worker->handover, WORKER_IDLE);
        worker_look_at_schedule(deputy, worker);
        drop_all(trash);
        if (!job)
                return;
        lane = &deputy->lanes[job->lane];
        if (lane->running == job)
                lane->running = NULL;
        if (worker->lost)
                lane->lost--;
        worker->lost = false;
        if (lane->running && lane->running->late && lane->lost < lane->lost_most)
                lane->running = NULL;
        deputy_end_jobs(deputy, job);
}

/* Retires a worker that could not take its identity. Another worker gets what it was given. */
static void worker_failed(struct deputy *deputy, struct worker *worker)
{
        struct deputy_job *job = worker->job, *last = job;

        log_event("deputy: a thread cannot take the client user's identity: why=%s",
                  sysname_error(atomic_load(&worker->failure)));
        worker->retired = true;
        worker->job = NULL;
        while (worker->trash) {
                struct deputy_job *trash = worker->trash;

                worker->trash = trash->next;
                trash->next = deputy->trash;
                deputy->trash = trash;
        }
        if (!job || job->late)
                return;
        for (struct deputy_job *each = job; each; last = each, each = each->next)
                each->begun = false;
        last->next = deputy->lanes[job->lane].queue;
        deputy->lanes[job->lane].queue = job;
        deputy->lanes[job->lane].running = NULL;
}

static void deputy_collect(uv_poll_t *poll, int status, int events)
{
        struct deputy *deputy = poll->data;
        uint64_t rung;

        pace_woken();
        (void)!read(deputy->crew.finished_fd, &rung, sizeof(rung));
        deputy->collecting = true;
        for (unsigned i = 0; i < deputy->count; i++) {
                struct worker *worker = &deputy->workers[i];

                if (atomic_load(&worker->handover) == WORKER_FINISHED)
                        worker_finished(deputy, worker);
                else if (atomic_load(&worker->failure) && !worker->retired)
                        worker_failed(deputy, worker);
        }
        deputy->collecting = false;
        deputy_go_on(deputy);
}

static struct worker *worker_of(struct deputy *deputy, const struct deputy_job *job)
{
        unsigned i = 0;

        while (deputy->workers[i].job != job)
                i++;
        return &deputy->workers[i];
}

/* Gives up a job whose time is over. If it has not begun it never will: what it would write may be out of
 * date by then. */
static void deputy_give_up(struct deputy *deputy, struct deputy_job *job)
{
        struct deputy_lane *lane = &deputy->lanes[job->lane];

        if (!job->begun) {
                struct deputy_job **at = &lane->queue;

                job->late = true;
                while (*at != job)
                        at = &(*at)->next;
                *at = job->next;
                job->done(job, true);
                deputy_throw_away(deputy, job);
                return;
        }
        for (struct deputy_job *late = job; late; late = late->next)
                late->late = true;
        worker_of(deputy, job)->lost = true;
        if (++lane->lost < lane->lost_most) {
                lane->running = NULL;
                /* The others waited because of the late job, so their time begins anew. */
                for (struct deputy_job *behind = lane->queue; behind; behind = behind->next)
                        job_begin_time(behind);
        }
        /* None of these jobs is dropped before the thread has come back. */
        for (; job; job = job->next)
                job->done(job, true);
}

static struct deputy_job *lane_overdue(const struct deputy_lane *lane, int64_t now)
{
        if (lane->running && !lane->running->late && lane->running->deadline_msec <= now)
                return lane->running;
        for (struct deputy_job *job = lane->queue; job; job = job->next)
                if (job_verdict_msec(lane, job) <= now)
                        return job;
        return NULL;
}

static void deputy_oversee(void *owner)
{
        struct deputy *deputy = owner;
        int64_t now = clock_msec();

        /* What was done in time is done, even if this turn of the loop comes late. */
        deputy_collect(&deputy->finished, 0, 0);
        for (unsigned i = 0; i < DEPUTY_LANES; i++) {
                struct deputy_job *job;

                while ((job = lane_overdue(&deputy->lanes[i], now)))
                        deputy_give_up(deputy, job);
        }
        deputy_go_on(deputy);
}

/* Waits until the first threads have their identity. 0, or a negative errno: a thread cannot have it. */
static int deputy_wait_ready(struct deputy *deputy)
{
        for (unsigned i = 0; i < deputy->count; i++) {
                struct pollfd rung = {.fd = deputy->crew.finished_fd, .events = POLLIN};
                uint64_t times;

                while (!atomic_load(&deputy->workers[i].ready))
                        if (poll(&rung, 1, -1) == 1)
                                (void)!read(deputy->crew.finished_fd, &times, sizeof(times));
                if (atomic_load(&deputy->workers[i].failure))
                        return -atomic_load(&deputy->workers[i].failure);
        }
        return 0;
}

/* Does the thread end by then? It is polled, since pthread_timedjoin_np() goes by a clock that may be set. */
static bool worker_ends(const struct worker *worker, int64_t until_msec)
{
        while (pthread_tryjoin_np(worker->thread, NULL)) {
                if (clock_msec() >= until_msec)
                        return false;
                poll(NULL, 0, DEPUTY_END_LOOK_MSEC);
        }
        return true;
}

static void deputy_end_threads(struct deputy *deputy)
{
        int64_t until_msec = clock_msec() + DEPUTY_END_MSEC;

        atomic_store(&deputy->crew.ending, true);
        for (unsigned i = 0; i < deputy->count; i++)
                worker_wake(&deputy->workers[i]);
        for (unsigned i = 0; i < deputy->count; i++) {
                struct worker *worker = &deputy->workers[i];

                if (worker_ends(worker, until_msec))
                        close(worker->wake_fd);
                else
                        deputy->abandoned = true;
        }
}

int deputy_open(struct deputy *deputy, uv_loop_t *loop, uid_t uid, gid_t gid, bool switches, bool signals,
                unsigned threads)
{
        int result = 0;

        memset(deputy, 0, sizeof(*deputy));
        deputy->crew.uid = uid;
        deputy->crew.gid = gid;
        deputy->crew.switches = switches;
        deputy->crew.signals = signals;
        for (unsigned i = 0; i < DEPUTY_LANES; i++)
                deputy->lanes[i].lost_most = DEPUTY_LOST_MOST;
        deputy->crew.finished_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (deputy->crew.finished_fd < 0)
                return -errno;
        for (unsigned i = 0; i < threads && result == 0; i++)
                result = deputy_add_worker(deputy);
        if (result == 0)
                result = deputy_wait_ready(deputy);
        if (result) {
                deputy_end_threads(deputy);
                close(deputy->crew.finished_fd);
                return result;
        }
        uv_poll_init(loop, &deputy->finished, deputy->crew.finished_fd);
        deputy->finished.data = deputy;
        uv_poll_start(&deputy->finished, UV_READABLE, deputy_collect);
        uv_unref((uv_handle_t *)&deputy->finished);
        timer_init(&deputy->overseer, loop, deputy_oversee, deputy);
        deputy->started = true;
        return 0;
}

static void finished_closed(uv_handle_t *handle)
{
        struct deputy *deputy = handle->data;

        /* A thread that was left behind may still ring this eventfd. */
        if (!deputy->abandoned)
                close(deputy->crew.finished_fd);
}

void deputy_close(struct deputy *deputy)
{
        if (!deputy->started)
                return;
        deputy->started = false;
        deputy_end_threads(deputy);
        timer_close(&deputy->overseer, NULL);
        uv_close((uv_handle_t *)&deputy->finished, finished_closed);
        for (unsigned i = 0; i < deputy->count; i++) {
                struct worker *worker = &deputy->workers[i];

                if (atomic_load(&worker->handover) == WORKER_GIVEN && deputy->abandoned)
                        continue; /* a thread that hangs keeps what it works on */
                for (struct deputy_job *next, *job = worker->job; job; job = next) {
                        next = job->next;
                        deputy_throw_away(deputy, job);
                }
                /* The thread may have noticed the end before it looked at what it was given. */
                if (atomic_load(&worker->handover) == WORKER_GIVEN)
                        worker_clear(worker->trash);
                drop_all(worker->trash);
                worker->job = worker->trash = NULL;
        }
        for (unsigned i = 0; i < DEPUTY_LANES; i++)
                drop_all(deputy->lanes[i].queue);
        worker_clear(deputy->trash);
        drop_all(deputy->trash);
        deputy->trash = NULL;
}

void deputy_run(struct deputy *deputy, struct deputy_job *job)
{
        struct deputy_job **at = &deputy->lanes[job->lane].queue;

        job->late = job->begun = job->is_clear = false;
        job_begin_time(job);
        job->next = NULL;
        while (*at)
                at = &(*at)->next;
        *at = job;
        if (!deputy->collecting)
                deputy_go_on(deputy);
}

void deputy_limit_lane(struct deputy *deputy, unsigned lane, unsigned most)
{
        deputy->lanes[lane].lost_most = most;
}

bool deputy_is_stuck(const struct deputy *deputy, unsigned lane)
{
        const struct deputy_job *running = deputy->lanes[lane].running;

        return running && running->late;
}

const char *deputy_next_hung(const struct deputy *deputy, unsigned *at)
{
        while (*at < deputy->count) {
                const struct worker *worker = &deputy->workers[(*at)++];

                if (worker->lost && worker->job->subject)
                        return worker->job->subject;
        }
        return NULL;
}

bool deputy_hangs_on(const struct deputy *deputy, const char *subject)
{
        const char *hung;

        for (unsigned at = 0; (hung = deputy_next_hung(deputy, &at));)
                if (strcmp(hung, subject) == 0)
                        return true;
        return false;
}
