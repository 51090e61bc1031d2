/* SPDX-License-Identifier: ISC */
/* finish and log/finish of the template. */
#include "s6_inner.h"

#include <fcntl.h>
#include <unistd.h>

#define SWEEP_USEC (2 * SEC)
#define RESTARTS_SECONDS 3600
#define ORDERED_MOST 2

static bool is_restart(unsigned code)
{
        return code == 75;
}

static bool is_crash(unsigned code)
{
        return (code >= 1 && code <= 68) || (code >= 70 && code <= 74) || code == 76 || code == 77 ||
               code >= 79;
}

static bool is_any(unsigned code)
{
        (void)code;
        return true;
}

void finish_begin(struct task *process)
{
        process->phase = PHASE_PRELUDE;
        process->due_usec = sim_now_usec() + script_usec();
        if (sim_fault(FAULT_GATEWAYS, 5000)) /* s6-supervise kills it */
                process->due_usec += 6 * SEC;
}

/* The brake trips by more deaths than there were: those that somebody ordered do not count. The last one may not be off the tally yet,
 * nor may any be where the broker was killed, or could not empty it. */
static bool deaths_are_ordered(const struct task *process)
{
        unsigned crashes =
                s6_crashes_since((unsigned)process->service, sim_now_usec() - s6->brake_seconds * SEC);

        return !(sim_settings->faults & ~(unsigned)(FAULT_GATEWAYS | FAULT_CLIENTS | FAULT_POWER)) &&
               crashes + ORDERED_MOST < s6->brake_deaths &&
               tally_trips(process, s6->brake_seconds, s6->brake_deaths, is_crash);
}

int (*finish_judge)(struct task *process);

static void judge(struct task *process)
{
        int code = 0;

        if (finish_judge) {
                task_end(process, finish_judge(process) << 8);
                return;
        }
        if (s6->services[process->service].profile == NULL)
                code = 0;
        else if (process->code == 78 || process->code == 69 || process->code == 0)
                code = 125;
        else if (deaths_are_ordered(process))
                sim_violation("ordered-is-free", "%s: the deaths that its brake counts were ordered",
                              s6->services[process->service].name);
        else if (tally_trips(process, RESTARTS_SECONDS, s6->brake_restarts + 1, is_restart) ||
                 tally_trips(process, s6->brake_seconds, s6->brake_deaths, is_crash))
                code = 125;
        task_end(process, code << 8);
}

static void finish_logger(struct task *process)
{
        bool lives = false;
        int place;

        script_note_read(process, "data/log-pgid");
        for (unsigned i = 0; i < process->earlier_count; i++)
                lives = lives || note_is_alive(&process->earlier[i]);
        if (!lives)
                script_note_empty(process, "data/log-pgid");
        if (process->code != 0 && process->code != 256 && (place = script_place(process)) >= 0) {
                int fd = openat(place, "log/forward-only", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

                if (fd >= 0)
                        close(fd);
                close(place);
        }
        task_end(process, tally_trips(process, s6->brake_seconds, s6->brake_deaths, is_any) ? 125 << 8 : 0);
}

static void finish_gateway(struct task *process)
{
        const struct supervise *supervise =
                process->supervise >= 0 ? &s6->supervises[process->supervise] : NULL;

        script_note_read(process, "data/pgid");
        if (process->earlier_count == 0 && sim_settings->flavour != S6_2_11 && supervise) {
                process->earlier[0] = (struct group_note){.pid = supervise->ended, .start = 0};
                process->earlier_count = 1;
        }
        if (process->earlier_count == 0) {
                judge(process);
                return;
        }
        process->root = false; /* the half that sweeps is the client user's */
        sweep_begin(process, SWEEP_USEC);
}

void finish_step(struct task *process)
{
        process->due_usec = SIM_NEVER;
        if (process->phase == PHASE_SWEEPS) {
                if (!sweep_step(process))
                        return;
                process->root = true;
                script_note_empty(process, "data/pgid");
                judge(process);
        } else if (process->log) {
                finish_logger(process);
        } else if (s6->services[process->service].profile) {
                finish_gateway(process);
        } else {
                judge(process);
        }
}
