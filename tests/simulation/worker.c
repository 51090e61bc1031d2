/* SPDX-License-Identifier: ISC */
/*
 * The threads of the broker's deputies (daemon/loop/worker.c): each is a coroutine of the one thread, which is let run, for a while
 * or to its end, when the seed says so. At each system call of its it may be put off: for an instant, for as long as the volume is slow,
 * or until it does not hang any more.
 */
#include "daemon/loop/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "core.h"
#include "fiber.h"

#define STACK_BYTES (512 * 1024)
#define THREADS_MOST 128
#define PATH_HANGS_USEC 20000000

struct thread {
        struct worker *worker;
        ucontext_t context;
        char *stack;
        bool under_way; /* it has a job, and has begun it */
        int64_t due_usec;
};

static struct thread threads[THREADS_MOST];
static unsigned count;
static struct thread *current; /* NULL: the loop runs */
static ucontext_t loop_context;
static struct fiber loop_fiber;

ssize_t __real_write(int fd, const void *bytes, size_t size);

static void ring(int fd)
{
        const uint64_t one = 1;

        if (__real_write(fd, &one, sizeof(one)) != sizeof(one))
                sim_violation("simulator", "an eventfd that cannot be rung");
}

void worker_clear(struct deputy_job *trash)
{
        for (; trash; trash = trash->next)
                if (trash->clear)
                        trash->clear(trash);
}

int worker_start(struct worker *worker, struct crew *crew, unsigned number)
{
        struct thread *thread = &threads[count];

        if (sim_fault(FAULT_DESCRIPTORS, 2000)) {
                sim_trace("fault: no thread");
                return -EAGAIN;
        }
        SIM_HOLDS(count < THREADS_MOST, "threads", "%u threads", count);
        *worker = (struct worker){.crew = crew, .number = number, .thread = count};
        worker->wake_fd = eventfd(0, EFD_CLOEXEC);
        if (worker->wake_fd < 0)
                return -errno;
        *thread = (struct thread){.worker = worker, .due_usec = SIM_NEVER};
        count++;
        atomic_store(&worker->ready, true);
        ring(crew->finished_fd);
        return 0;
}

bool worker_is_idle(const struct worker *worker)
{
        return !worker->retired && atomic_load(&worker->handover) == WORKER_IDLE;
}

void worker_wake(const struct worker *worker)
{
        (void)worker;
}

static bool hangs(const struct thread *thread)
{
        return !thread->worker->crew->signals && core->volume_hung_until_usec > core->now_usec;
}

/* How long it is put off at this point. */
static int64_t pause_usec(const struct thread *thread)
{
        if (!thread->worker->crew->signals && core->volume_slow_until_usec > core->now_usec)
                return sim_between(0, (int64_t)core->volume_slow_msec * 1000);
        return sim_below(8) ? sim_below(100) : sim_below(20000);
}

static struct thread *thread_of(const struct worker *worker)
{
        return &threads[worker->thread];
}

void worker_give(struct worker *worker, struct deputy_job *job, struct deputy_job *trash)
{
        struct thread *thread = thread_of(worker);

        worker->job = job;
        worker->trash = trash;
        if (job) {
                job->begun = true;
                job->worker = worker->number;
        }
        atomic_store(&worker->handover, WORKER_GIVEN);
        thread->due_usec = core->now_usec + pause_usec(thread);
}

static void switch_back(bool ends)
{
        struct thread *thread = current;
        struct fiber own;

        current = NULL;
        fiber_leave(&own, &loop_fiber, ends);
        fiber_swap(&thread->context, &loop_context);
        fiber_arrive(&own, NULL);
}

static void put_off(void)
{
        inside_end();
        switch_back(false);
        inside_begin();
}

/* One call of one thread: the others go on, and overtake it. */
static bool path_hangs(const struct thread *thread, const char *name)
{
        return sim_habit(HABIT_PATHS) && !thread->worker->crew->signals &&
               (strstr(name, "sync") || strncmp(name, "rename", 6) == 0 || strcmp(name, "unlinkat") == 0) &&
               sim_fault(FAULT_VOLUME, 20000);
}

/* Between two system calls of a job: others may come first. */
void worker_call(const char *name)
{
        struct thread *thread = current;
        int error = errno;

        if (!thread)
                return;
        if (path_hangs(thread, name)) {
                thread->due_usec = core->now_usec + sim_between(0, PATH_HANGS_USEC);
                sim_trace("fault: worker %u hangs in %s", thread->worker->number, name);
        } else if (hangs(thread)) {
                thread->due_usec = core->volume_hung_until_usec + sim_below(1000);
                sim_trace("worker %u hangs", thread->worker->number);
        } else if (sim_chance(core->yield_rate)) {
                thread->due_usec = core->now_usec + pause_usec(thread);
        } else {
                return;
        }
        put_off();
        errno = error;
}

/* A job sleeps; the loop does not, but for what it must not do. */
void worker_sleep(int64_t usec)
{
        if (!current) {
                core->now_usec += usec;
                return;
        }
        current->due_usec = core->now_usec + usec;
        put_off();
}

static void work(void)
{
        struct worker *worker = current->worker;

        fiber_arrive(NULL, &loop_fiber);
        inside_begin();
        worker_clear(worker->trash);
        if (worker->job)
                worker->job->work(worker->job);
        inside_end();
        current->under_way = false;
        current->due_usec = SIM_NEVER;
        atomic_store(&worker->handover, WORKER_FINISHED);
        ring(worker->crew->finished_fd);
        switch_back(true);
}

static void run_on(struct thread *thread)
{
        struct fiber own;

        sim_trace("worker %u %s", thread->worker->number, thread->under_way ? "goes on" : "begins");
        if (!thread->under_way) {
                if (!thread->stack)
                        thread->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
                if (thread->stack == MAP_FAILED)
                        sim_violation("simulator", "no stack for a worker");
                fiber_renew(&(struct fiber){thread->stack, STACK_BYTES, NULL});
                getcontext(&thread->context);
                thread->context.uc_stack.ss_sp = thread->stack;
                thread->context.uc_stack.ss_size = STACK_BYTES;
                thread->context.uc_link = NULL;
                makecontext(&thread->context, work, 0);
                thread->under_way = true;
        }
        current = thread;
        fiber_leave(&own, &(struct fiber){thread->stack, STACK_BYTES, NULL}, false);
        fiber_swap(&loop_context, &thread->context);
        fiber_arrive(&own, NULL);
        current = NULL;
        inside_end();
}

bool worker_is_running(void)
{
        return current != NULL;
}

bool worker_is_the_volumes(void)
{
        return current && !current->worker->crew->signals;
}

int64_t workers_due_usec(void)
{
        int64_t next = SIM_NEVER;

        for (unsigned i = 0; i < count; i++)
                if (threads[i].due_usec < next)
                        next = threads[i].due_usec;
        return next;
}

bool workers_are_busy(void)
{
        return workers_due_usec() != SIM_NEVER;
}

/* Of those that could run, one. */
void workers_step(void)
{
        unsigned could[THREADS_MOST], n = 0;

        for (unsigned i = 0; i < count; i++)
                if (threads[i].due_usec <= core->now_usec)
                        could[n++] = i;
        if (!n)
                return;
        n = could[sim_below(n)];
        if (hangs(&threads[n]))
                threads[n].due_usec = core->volume_hung_until_usec + sim_below(1000);
        else
                run_on(&threads[n]);
}

/* The broker ends and looks whether it has. */
bool workers_end(unsigned long number)
{
        struct thread *thread = &threads[number];

        while (thread->due_usec <= core->now_usec && !hangs(thread))
                run_on(thread);
        if (thread->due_usec != SIM_NEVER)
                return false;
        if (thread->stack)
                munmap(thread->stack, STACK_BYTES);
        thread->stack = NULL;
        return true;
}

/* The volume does not hang any more. */
void workers_wake(void)
{
        for (unsigned i = 0; i < count; i++)
                if (threads[i].due_usec != SIM_NEVER && threads[i].due_usec > core->now_usec)
                        threads[i].due_usec = core->now_usec;
}
