/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "core.h"

#define LIFE_CPU_SEC 60 /* of the processor, real: a life that takes more hangs */
#define LIVES_MOST 2000

const struct company *company;

static void draw_state(uint64_t seed)
{
        uint64_t state = seed;

        for (int i = 0; i < 4; i++) {
                uint64_t value = state += UINT64_C(0x9e3779b97f4a7c15);

                value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
                value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
                core->random[i] = value ^ value >> 31;
        }
}

static void draw_rates(void)
{
        static const unsigned rates[] = {10, 30, 100, 300, 1000};
        static const unsigned yields[] = {0, 20000, 100000, 400000};

        for (unsigned i = 0; i < FAULT_KINDS; i++)
                core->rate[i] = rates[sim_below(sizeof(rates) / sizeof(rates[0]))];
        core->yield_rate = yields[sim_below(sizeof(yields) / sizeof(yields[0]))];
}

static void begin(const struct sim_settings *settings)
{
        arena_open();
        core->settings = *settings;
        core->trace_hash = UINT64_C(0xcbf29ce484222325);
        core->now_usec = INT64_C(1000000000); /* the machine has run for a while */
        core->utc_offset_usec = INT64_C(1790000000) * 1000000 - core->now_usec;
        draw_state(settings->seed);
        draw_rates();
        place_make();
        for (unsigned i = 0; company->actors[i]; i++)
                if (company->actors[i]->init)
                        company->actors[i]->init();
        arena_seal();
}

/* What the signal was, where the broker's code brought it about. */
static void crashed(int status)
{
        snprintf(core->violation, sizeof(core->violation), "crash");
        if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
                snprintf(core->violation, sizeof(core->violation), "hang");
        snprintf(core->message, sizeof(core->message), "%s %d", WIFSIGNALED(status) ? "signal" : "exit code",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void live_once(void)
{
        const struct rlimit cpu = {LIFE_CPU_SEC, LIFE_CPU_SEC + 5};
        int status = 0;
        pid_t child;

        core->end = LIFE_NONE;
        fflush(NULL);
        child = fork();
        if (child == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                setrlimit(RLIMIT_CPU, &cpu);
                life_run();
        }
        if (child < 0) {
                perror("simulate: fork");
                exit(2);
        }
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
                ;
        if (core->end == LIFE_NONE || !WIFEXITED(status) || WEXITSTATUS(status)) {
                crashed(status);
                core->end = LIFE_VIOLATION;
        }
}

/* In a process of its own, so that each run begins with the same memory. */
static void run_here(const struct sim_settings *settings, struct verdict *outcome)
{
        begin(settings);
        do {
                live_once();
                core->life++;
        } while (core->end != LIFE_VIOLATION && core->end != LIFE_RUN_IS_OVER && core->life < LIVES_MOST);
        *outcome = (struct verdict){.failed = core->end == LIFE_VIOLATION,
                                    .steps = core->step,
                                    .lives = core->life,
                                    .calls = core->calls,
                                    .hash = core->trace_hash,
                                    .virtual_usec = core->now_usec - INT64_C(1000000000)};
        snprintf(outcome->invariant, sizeof(outcome->invariant), "%s", core->violation);
        snprintf(outcome->message, sizeof(outcome->message), "%s", core->message);
        if (core->life == LIVES_MOST) {
                outcome->failed = true;
                snprintf(outcome->invariant, sizeof(outcome->invariant), "liveness");
                snprintf(outcome->message, sizeof(outcome->message), "%d lives and no end", LIVES_MOST);
        }
        place_remove();
}

static bool read_all(int fd, void *bytes, size_t size)
{
        for (size_t at = 0; at < size;) {
                ssize_t n = read(fd, (char *)bytes + at, size - at);

                if (n <= 0)
                        return false;
                at += (size_t)n;
        }
        return true;
}

void run_seed(const struct sim_settings *settings, struct verdict *outcome)
{
        int ends[2];
        pid_t child;

        memset(outcome, 0, sizeof(*outcome));
        fflush(NULL);
        if (pipe(ends) < 0 || (child = fork()) < 0) {
                perror("simulate: fork");
                exit(2);
        }
        if (child == 0) {
                struct verdict own;

                memset(&own, 0, sizeof(own));
                prctl(PR_SET_PDEATHSIG, SIGTERM);
                close(ends[0]);
                run_here(settings, &own);
                _exit(write(ends[1], &own, sizeof(own)) == sizeof(own) ? 0 : 2);
        }
        close(ends[1]);
        if (!read_all(ends[0], outcome, sizeof(*outcome))) {
                outcome->failed = true;
                snprintf(outcome->invariant, sizeof(outcome->invariant), "simulator");
                snprintf(outcome->message, sizeof(outcome->message), "the run itself came to no end");
        }
        close(ends[0]);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
                ;
}
