#include "daemon/edge/deputy.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "daemon/edge/rights.h"

/* How long the end of the process waits for a job that runs. */
#define DEPUTY_END_SEC 2

/*
 * Raw system calls: the C library's wrappers change every thread. Groups first, the effective uid last, since
 * that one takes the right to change the others; then no capability is left to come back with.
 */
static int become_client(const struct deputy *deputy)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}, {0, 0, 0}};

        if (rights_raise())
                return -EPERM;
        if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, -1, deputy->gid, -1) < 0 ||
            syscall(SYS_setresuid, -1, deputy->uid, -1) < 0)
                return -errno;
        return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

static struct deputy_job *deputy_next(struct deputy *deputy)
{
        struct deputy_job *job;

        pthread_mutex_lock(&deputy->mutex);
        while (!deputy->queue && !deputy->ending)
                pthread_cond_wait(&deputy->wanted, &deputy->mutex);
        job = deputy->ending ? NULL : deputy->queue;
        if (job)
                deputy->queue = job->next;
        deputy->at_work = job;
        pthread_mutex_unlock(&deputy->mutex);
        return job;
}

static void append(struct deputy_job **list, struct deputy_job *job)
{
        while (*list)
                list = &(*list)->next;
        job->next = NULL;
        *list = job;
}

static bool take_out(struct deputy_job **list, const struct deputy_job *job)
{
        for (; *list; list = &(*list)->next)
                if (*list == job) {
                        *list = job->next;
                        return true;
                }
        return false;
}

static void *deputy_main(void *argument)
{
        struct deputy *deputy = argument;
        struct deputy_job *job;
        int failure = deputy->switches ? become_client(deputy) : 0;

        pthread_mutex_lock(&deputy->mutex);
        deputy->failure = failure;
        deputy->ready = true;
        pthread_cond_broadcast(&deputy->wanted);
        pthread_mutex_unlock(&deputy->mutex);
        if (failure)
                return NULL;
        while ((job = deputy_next(deputy))) {
                job->work(job);
                pthread_mutex_lock(&deputy->mutex);
                append(&deputy->finished, job);
                deputy->at_work = NULL;
                pthread_mutex_unlock(&deputy->mutex);
                uv_async_send(&deputy->finished_signal);
        }
        return NULL;
}

static void deputy_forget(struct deputy *deputy, const struct deputy_job *job)
{
        for (struct deputy_job **at = &deputy->open; *at; at = &(*at)->next_open)
                if (*at == job) {
                        *at = job->next_open;
                        return;
                }
}

static void deputy_collect(uv_async_t *async)
{
        struct deputy *deputy = async->data;
        struct deputy_job *jobs;

        pthread_mutex_lock(&deputy->mutex);
        jobs = deputy->finished;
        deputy->finished = NULL;
        pthread_mutex_unlock(&deputy->mutex);
        while (jobs) {
                struct deputy_job *job = jobs;

                jobs = job->next;
                if (job->late) {
                        job->drop(job);
                } else {
                        deputy_forget(deputy, job);
                        job->done(job, false);
                }
        }
}

static void deputy_set_overseer(struct deputy *deputy)
{
        int64_t next = INT64_MAX;
        int64_t now = clock_msec();

        for (const struct deputy_job *job = deputy->open; job; job = job->next_open)
                next = job->deadline_msec < next ? job->deadline_msec : next;
        if (next == INT64_MAX)
                timer_stop(&deputy->overseer);
        else
                timer_start(&deputy->overseer, next > now ? (uint64_t)(next - now) : 0);
}

/* Its time is over. One that nobody has begun will not be: what it would write may be out of date by then. */
static void deputy_give_up(struct deputy *deputy, struct deputy_job *job)
{
        bool unworked;

        pthread_mutex_lock(&deputy->mutex);
        unworked = take_out(&deputy->queue, job);
        pthread_mutex_unlock(&deputy->mutex);
        deputy_forget(deputy, job);
        job->late = true;
        job->done(job, true);
        if (unworked)
                job->drop(job);
}

static void deputy_oversee(void *owner)
{
        struct deputy *deputy = owner;
        struct deputy_job *job = deputy->open;

        /* `done` may have run others: begin anew after each. */
        while (job) {
                if (job->deadline_msec <= clock_msec()) {
                        deputy_give_up(deputy, job);
                        job = deputy->open;
                } else {
                        job = job->next_open;
                }
        }
        deputy_set_overseer(deputy);
}

bool deputy_is_stuck(const struct deputy *deputy)
{
        struct deputy *locked = (struct deputy *)deputy;
        bool stuck;

        pthread_mutex_lock(&locked->mutex);
        stuck = deputy->at_work && deputy->at_work->late;
        pthread_mutex_unlock(&locked->mutex);
        return stuck;
}

/* Signals are the loop's. */
static int deputy_start_thread(struct deputy *deputy)
{
        sigset_t all, before;
        int result;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        result = pthread_create(&deputy->thread, NULL, deputy_main, deputy);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return -result;
}

int deputy_open(struct deputy *deputy, uv_loop_t *loop, uid_t uid, gid_t gid, bool switches)
{
        int result;

        *deputy = (struct deputy){.uid = uid, .gid = gid, .switches = switches};
        pthread_mutex_init(&deputy->mutex, NULL);
        pthread_cond_init(&deputy->wanted, NULL);
        result = deputy_start_thread(deputy);
        if (result)
                return result;
        pthread_mutex_lock(&deputy->mutex);
        while (!deputy->ready)
                pthread_cond_wait(&deputy->wanted, &deputy->mutex);
        pthread_mutex_unlock(&deputy->mutex);
        if (deputy->failure) {
                pthread_join(deputy->thread, NULL);
                return deputy->failure;
        }
        deputy->finished_signal.data = deputy;
        uv_async_init(loop, &deputy->finished_signal, deputy_collect);
        uv_unref((uv_handle_t *)&deputy->finished_signal);
        timer_init(&deputy->overseer, loop, deputy_oversee, deputy);
        deputy->started = true;
        return 0;
}

void deputy_close(struct deputy *deputy)
{
        struct timespec until;
        struct deputy_job *job;

        if (!deputy->started)
                return;
        pthread_mutex_lock(&deputy->mutex);
        deputy->ending = true;
        pthread_cond_broadcast(&deputy->wanted);
        pthread_mutex_unlock(&deputy->mutex);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += DEPUTY_END_SEC;
        deputy->started = false;
        timer_stop(&deputy->overseer);
        if (pthread_timedjoin_np(deputy->thread, NULL, &until)) {
                deputy->left = true; /* it hangs, and so does what it works on */
                return;
        }
        uv_close((uv_handle_t *)&deputy->finished_signal, NULL);
        timer_close(&deputy->overseer, NULL);
        while ((job = deputy->finished ? deputy->finished : deputy->queue)) {
                take_out(deputy->finished ? &deputy->finished : &deputy->queue, job);
                job->drop(job);
        }
}

void deputy_run(struct deputy *deputy, struct deputy_job *job)
{
        job->late = false;
        job->deadline_msec = job->timeout_msec ? clock_msec() + job->timeout_msec : INT64_MAX;
        job->next_open = deputy->open;
        deputy->open = job;
        deputy_set_overseer(deputy);
        pthread_mutex_lock(&deputy->mutex);
        append(&deputy->queue, job);
        pthread_cond_signal(&deputy->wanted);
        pthread_mutex_unlock(&deputy->mutex);
}
