/* SPDX-License-Identifier: ISC */
/* A deputy's threads: linked with daemon/loop/worker.c, and with the simulation's, which are coroutines. */
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#include "daemon/loop/worker.h"

#ifdef SIMULATED
#include <stdarg.h>

#include "core.h"

static struct core own_core = {.now_usec = 1000000000};
struct core *core = &own_core;
bool sim_inside;

uint64_t sim_random(void)
{
        static uint64_t number = 88172645463325252U;

        number ^= number << 13;
        number ^= number >> 7;
        return number ^= number << 17;
}

unsigned sim_below(unsigned most)
{
        return (unsigned)(sim_random() % most);
}

bool sim_chance(unsigned per_million)
{
        return sim_below(1000000) < per_million;
}

int64_t sim_between(int64_t least, int64_t most)
{
        return least + (int64_t)(sim_random() % (uint64_t)(most - least + 1));
}

bool sim_fault(enum sim_fault_kind kind, unsigned per_million)
{
        return false;
}

bool sim_habit(unsigned habits)
{
        (void)habits;
        return false;
}

void sim_trace(const char *format, ...)
{
}

_Noreturn void sim_violation(const char *invariant, const char *format, ...)
{
        ck_abort_msg("%s: %s", invariant, format);
}

void inside_begin(void)
{
}

void inside_end(void)
{
}

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __real_write(int fd, const void *bytes, size_t size)
{
        return write(fd, bytes, size);
}

static void wait_a_moment(void)
{
        worker_sleep(1000);
}

static void others_go_on(void)
{
        if (workers_due_usec() > core->now_usec)
                core->now_usec = workers_due_usec();
        workers_step();
}

static void end(struct worker *worker, struct crew *crew)
{
        atomic_store(&crew->ending, true);
        ck_assert(workers_end(worker->thread));
}
#else
static void wait_a_moment(void)
{
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void others_go_on(void)
{
        wait_a_moment();
}

static void end(struct worker *worker, struct crew *crew)
{
        atomic_store(&crew->ending, true);
        worker_wake(worker);
        ck_assert_int_eq(pthread_join(worker->thread, NULL), 0);
}
#endif

static struct crew crew;
static struct worker workers[2];
static char happened[64];
static atomic_int flags[2];

static void begin(unsigned count)
{
        happened[0] = '\0';
        crew = (struct crew){
                .uid = getuid(), .gid = getgid(), .finished_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
        for (unsigned i = 0; i < count; i++) {
                ck_assert_int_eq(worker_start(&workers[i], &crew, i), 0);
                while (!atomic_load(&workers[i].ready))
                        others_go_on();
                ck_assert_int_eq(atomic_load(&workers[i].failure), 0);
                ck_assert(worker_is_idle(&workers[i]));
        }
}

/* As the deputy waits: for the eventfd. */
static void wait_for(struct worker *worker)
{
        struct pollfd rung = {.fd = crew.finished_fd, .events = POLLIN};
        uint64_t times;

        while (atomic_load(&worker->handover) != WORKER_FINISHED || poll(&rung, 1, 0) != 1)
                others_go_on();
        ck_assert_int_eq(read(crew.finished_fd, &times, sizeof(times)), sizeof(times));
        ck_assert(!worker_is_idle(worker));
        atomic_store(&worker->handover, WORKER_IDLE);
        ck_assert(worker_is_idle(worker));
}

static void work_notes(struct deputy_job *job)
{
        strcat(happened, "w");
        strcat(happened, job->subject);
}

static void clear_notes(struct deputy_job *job)
{
        strcat(happened, "c");
        strcat(happened, job->subject);
}

START_TEST(does_what_it_is_given)
{
        struct deputy_job job = {.work = work_notes, .subject = "a"};

        begin(1);
        worker_give(&workers[0], &job, NULL);
        ck_assert(job.begun && job.worker == 0 && !worker_is_idle(&workers[0]));
        wait_for(&workers[0]);
        ck_assert_str_eq(happened, "wa");
        worker_give(&workers[0], &job, NULL);
        wait_for(&workers[0]);
        ck_assert_str_eq(happened, "wawa");
        end(&workers[0], &crew);
}
END_TEST

START_TEST(clears_before_it_works)
{
        struct deputy_job third = {.subject = "z"},
                          second = {.clear = clear_notes, .subject = "y", .next = &third};
        struct deputy_job first = {.clear = clear_notes, .subject = "x", .next = &second};
        struct deputy_job job = {.work = work_notes, .clear = clear_notes, .subject = "a"};

        begin(1);
        worker_give(&workers[0], &job, &first);
        wait_for(&workers[0]);
        ck_assert_str_eq(happened, "cxcywa");
        worker_give(&workers[0], NULL, &second);
        wait_for(&workers[0]);
        ck_assert_str_eq(happened, "cxcywacy");
        worker_clear(&first);
        ck_assert_str_eq(happened, "cxcywacycxcy");
        end(&workers[0], &crew);
}
END_TEST

static void work_waits(struct deputy_job *job)
{
        while (!atomic_load(&flags[1 - job->worker]))
                wait_a_moment();
        atomic_store(&flags[job->worker], 2);
}

static void work_sets(struct deputy_job *job)
{
        atomic_store(&flags[job->worker], 1);
        work_waits(job);
}

START_TEST(two_are_under_way_at_once)
{
        struct deputy_job waits = {.work = work_waits}, sets = {.work = work_sets};

        begin(2);
        worker_give(&workers[0], &waits, NULL);
        worker_give(&workers[1], &sets, NULL);
        while (atomic_load(&flags[0]) != 2 || atomic_load(&flags[1]) != 2)
                others_go_on();
        while (atomic_load(&workers[0].handover) != WORKER_FINISHED ||
               atomic_load(&workers[1].handover) != WORKER_FINISHED)
                others_go_on();
        end(&workers[0], &crew);
        end(&workers[1], &crew);
}
END_TEST

START_TEST(one_that_is_retired_is_not_idle)
{
        begin(1);
        workers[0].retired = true;
        ck_assert(!worker_is_idle(&workers[0]));
        end(&workers[0], &crew);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {does_what_it_is_given, clears_before_it_works,
                                      two_are_under_way_at_once, one_that_is_retired_is_not_idle};

        return unit_run(unit_suite_of("parts_worker", tests));
}
