/* SPDX-License-Identifier: ISC */
/* A gateway's logger: log/run and log/collect of the template, then s6-log. */
#include "s6_inner.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define SWEEP_USEC SEC

void logger_begin(struct task *process)
{
        process->phase = PHASE_PRELUDE;
        process->due_usec = sim_now_usec() + script_usec();
}

/* Its input ends when nobody has the pipe's other end any more: s6-svscan, the gateway's s6-supervise, or what that began. */
bool logger_has_writers(const struct task *process)
{
        if (process->pipe && svscan_holds_pipe(process->pipe))
                return true;
        for (unsigned i = 0; process->pipe && i < s6->task_top; i++) {
                const struct task *other = &s6->tasks[i];

                if (task_is_alive(other) && other->pipe == process->pipe && !other->log)
                        return true;
        }
        return false;
}

static void prelude(struct task *process)
{
        int place = script_place(process);

        if (place < 0) {
                task_end(process, 111 << 8);
                return;
        }
        process->run.code = unlinkat(place, "log/forward-only", 0) == 0; /* it does not try its directory */
        close(place);
        script_drop_rights(process, "data/log-pgid", SWEEP_USEC);
}

static void enter(struct task *process)
{
        char path[S6_NAME_BYTES + 24];
        bool busy, forwards = process->run.code;
        int directory, volume;

        snprintf(path, sizeof(path), "logs/gateways/%s", s6->services[process->service].profile);
        volume = forwards ? -1 : volume_directory("", false);
        directory = volume < 0 ? -1 : volume_directory(path, true);
        if (volume >= 0)
                close(volume);
        if (directory >= 0) {
                bool locked = volume_lock(process, directory, "lock", &busy);

                close(directory);
                if (!locked && busy) {
                        task_end(process, 111 << 8);
                        return;
                }
        }
        process->phase = PHASE_RUNS;
        process->due_usec = SIM_NEVER;
        process->dirty = true;
        process->run = (struct s6_run){.drains_usec = sim_between(0, 20 * MSEC)};
        if (sim_fault(FAULT_GATEWAYS, 30000))
                process->run.drains_usec = sim_between(SEC, 60 * SEC);
        if (sim_fault(FAULT_GATEWAYS, 50000)) { /* it cannot write there any more */
                process->run.code = 111;
                process->end_usec = process->due_usec = sim_now_usec() + sim_between(0, 30 * SEC);
        }
        sim_trace("s6: process %d is s6-log of %s", (int)process->pid, s6->services[process->service].name);
}

void logger_step(struct task *process)
{
        process->due_usec = SIM_NEVER;
        if (!script_begins(process, prelude, enter))
                task_end(process, process->phase == PHASE_DRAINS || !logger_has_writers(process)
                                          ? 0
                                          : process->run.code << 8);
}

void logger_signal(struct task *process, int number)
{
        if (number == SIGCHLD || number == SIGWINCH || number == SIGCONT)
                return;
        if (process->phase < PHASE_RUNS || number != SIGTERM) {
                task_end(process, number);
        } else if (process->phase == PHASE_RUNS) {
                process->phase = PHASE_DRAINS;
                process->due_usec = sim_now_usec() + process->run.drains_usec;
        }
}
