/* SPDX-License-Identifier: ISC */
/* A gateway: run and gateway of the template, then hermes, all in one process. And a static service, which is what it is at once. */
#include "s6_inner.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SWEEP_USEC (30 * SEC)

static void end(struct task *process, int code)
{
        gateway_leave_child(process);
        task_end(process, code << 8);
}

void gateway_leave_child(struct task *process)
{
        struct task *child;

        if (!process->run.leaves_child || process->phase < PHASE_RUNS)
                return;
        child = task_new(TASK_CHILD, 1, process->service, false, -1);
        if (!child)
                return;
        child->group = process->group;
        child->pipe = process->pipe;
        child->root = false;
        child->run.stubborn_child = process->run.stubborn_child;
        sim_trace("s6: process %d leaves %d behind", (int)process->pid, (int)child->pid);
}

/* How long it lives, how it ends: as a well one does, or not. */
static void draw(struct task *process)
{
        struct s6_run *run = &process->run;
        static const int codes[] = {1, 1, 1, 0, 2, 75, 75, 75, 78, 69, 127};
        static const int signals[] = {SIGSEGV, SIGKILL, SIGABRT};

        *run = (struct s6_run){.lasts_usec = SIM_NEVER,
                               .term_code = TERM_AS_PLANNED,
                               .drains_usec = sim_between(0, 200 * MSEC),
                               .ready_usec = sim_between(0, SEC)};
        if (sim_fault(FAULT_GATEWAYS, 250000)) {
                int64_t most_usec = MSEC << sim_below(22); /* up to an hour */

                run->lasts_usec = sim_between(most_usec / 2, most_usec);
                if (sim_below(4))
                        run->code = codes[sim_below(sizeof(codes) / sizeof(*codes))];
                else
                        run->signal = signals[sim_below(3)];
        }
        if (sim_fault(FAULT_GATEWAYS, 80000))
                run->drains_usec = sim_between(SEC, 300 * SEC);
        if (sim_fault(FAULT_GATEWAYS, 40000))
                run->drains_usec = SIM_NEVER;
        if (sim_fault(FAULT_GATEWAYS, 80000))
                run->term_code = codes[sim_below(sizeof(codes) / sizeof(*codes))];
        if (sim_fault(FAULT_GATEWAYS, 50000))
                run->ready_usec = SIM_NEVER;
        run->leaves_child = sim_fault(FAULT_GATEWAYS, 50000);
        run->stubborn_child = sim_fault(FAULT_GATEWAYS, 500000);
        run->says_stopped = run->lasts_usec != SIM_NEVER && !run->code && !run->signal && sim_below(2);
}

static void work(struct task *process)
{
        struct service_known *known = &s6->services[process->service];

        process->phase = PHASE_RUNS;
        if (known->planned) {
                known->planned--;
                process->run = known->plan;
        } else if (process->kind == TASK_STATIC || !hermes_plan(process, &process->run)) {
                draw(process);
        }
        process->end_usec =
                process->run.lasts_usec == SIM_NEVER ? SIM_NEVER : sim_now_usec() + process->run.lasts_usec;
        process->due_usec = process->end_usec;
        if (process->supervise >= 0 && s6->supervises[process->supervise].has_notification &&
            process->run.ready_usec != SIM_NEVER &&
            sim_now_usec() + process->run.ready_usec < process->due_usec)
                process->due_usec = sim_now_usec() + process->run.ready_usec;
        process->dirty = true;
        if (process->kind == TASK_GATEWAY)
                hermes_record(process, "running", NULL);
        sim_trace("s6: process %d is %s of %s", (int)process->pid, task_word(process), known->name);
}

void gateway_begin(struct task *process)
{
        process->phase = PHASE_PRELUDE;
        if (process->kind == TASK_STATIC)
                work(process);
        else
                process->due_usec = sim_now_usec() + script_usec();
}

static void prelude(struct task *process)
{
        int place = script_place(process);

        if (place < 0 || faccessat(place, "data/profile", R_OK, 0) < 0) {
                if (place >= 0)
                        close(place);
                end(process, 111);
                return;
        }
        close(place);
        script_drop_rights(process, "data/pgid", SWEEP_USEC);
}

/* The volume, and its lock there. */
static void enter(struct task *process)
{
        const char *profile = s6->services[process->service].profile;
        int volume = volume_directory("", false);
        int directory;
        bool busy = false;

        if (volume < 0) {
                end(process, 1); /* it cannot be entered */
                return;
        }
        close(volume);
        directory = volume_directory(".svcbroker/lock", true);
        if (directory >= 0) {
                volume_lock(process, directory, profile, &busy);
                close(directory);
        }
        if (busy)
                end(process, 69);
        else
                work(process);
}

/* By itself, or after SIGTERM. */
static void end_as_planned(struct task *process, bool told)
{
        struct s6_run *run = &process->run;
        bool planned = told && run->term_code == TERM_AS_PLANNED && process->kind == TASK_GATEWAY &&
                       hermes_stop_was_planned(process);
        int code = !told || run->term_code == TERM_AS_ITS_END ? run->code
                   : run->term_code == TERM_AS_PLANNED        ? !planned
                                                              : run->term_code;
        int signal = !told || run->term_code == TERM_AS_ITS_END ? run->signal : 0;

        if (process->kind == TASK_GATEWAY && told)
                hermes_record(process, planned ? "stopped" : "running", NULL);
        else if (run->says_stopped && process->kind == TASK_GATEWAY)
                hermes_record(process, "stopped", "stopped");
        gateway_leave_child(process);
        task_end(process, signal ? signal : code << 8);
}

static void act(struct task *process)
{
        const bool told = process->phase == PHASE_DRAINS;

        if (!told && sim_now_usec() < process->end_usec) {
                process->due_usec = process->end_usec;
                if (process->supervise >= 0)
                        supervise_notified(&s6->supervises[process->supervise]);
                return;
        }
        end_as_planned(process, told);
}

void gateway_step(struct task *process)
{
        process->due_usec = SIM_NEVER;
        if (!script_begins(process, prelude, enter))
                act(process);
}

void gateway_signal(struct task *process, int number)
{
        if (number == SIGCHLD || number == SIGWINCH || number == SIGCONT)
                return;
        if (process->phase < PHASE_RUNS || number != SIGTERM || process->run.term_code == TERM_AS_SIGNAL) {
                gateway_leave_child(process);
                task_end(process, number);
                return;
        }
        if (process->phase == PHASE_DRAINS)
                return;
        process->phase = PHASE_DRAINS;
        /* For ever is an hour: then somebody sees to it. */
        process->due_usec = sim_now_usec() +
                            (process->run.drains_usec == SIM_NEVER ? 3600 * SEC : process->run.drains_usec);
}
