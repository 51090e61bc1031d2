/* SPDX-License-Identifier: ISC */
/* s6-supervise: its states, and what each letter, signal and end does in them. */
#include "s6_inner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FINISH_MSEC 5000 /* where there is no timeout-finish */
#define KILL_AGAIN_USEC (5 * SEC)

struct supervise *supervise_new(pid_t pid, const char *name)
{
        struct supervise *supervise = NULL;
        const char *slash = strchr(name, '/');
        char *letters;

        for (unsigned i = 0; i < S6_SUPERVISES && !supervise; i++)
                if (s6->supervises[i].state == SUPERVISE_FREE)
                        supervise = &s6->supervises[i];
        if (!supervise)
                return NULL;
        letters = supervise->letters;
        *supervise = (struct supervise){
                .state = SUPERVISE_BOOT,
                .pid = pid,
                .letters = letters,
                .service = service_known(name, slash ? (size_t)(slash - name) : strlen(name)),
                .log = slash != NULL,
                .place = -1,
                .fifo = -1,
                .fifo_write = -1,
                .lock = -1,
                .wake_usec = sim_now_usec() + s6_reaction_usec(),
                .deadline_usec = SIM_NEVER,
                .wanted = true,
                .ready = true};
        snprintf(supervise->name, sizeof(supervise->name), "%s", name);
        return supervise;
}

static void wake(struct supervise *supervise)
{
        if (supervise->wake_usec == SIM_NEVER)
                supervise->wake_usec = sim_now_usec() + s6_reaction_usec();
}

void supervise_signal(struct supervise *supervise, unsigned signal)
{
        supervise->signals |= signal;
        wake(supervise);
}

void supervise_notified(struct supervise *supervise)
{
        supervise->notified = true;
        wake(supervise);
}

void supervise_gone(struct supervise *supervise)
{
        supervise->state = SUPERVISE_FREE;
        supervise->lock_id.inode = 0;
        if (supervise->fifo >= 0)
                close(supervise->fifo);
        if (supervise->fifo_write >= 0)
                close(supervise->fifo_write);
        if (supervise->lock >= 0)
                close(supervise->lock);
        if (supervise->place >= 0)
                close(supervise->place);
        supervise->fifo = supervise->fifo_write = supervise->lock = supervise->place = -1;
}

static void leave(struct supervise *supervise, int code)
{
        task_end(task_find(supervise->pid), code << 8);
}

void supervise_child_signal(const struct supervise *supervise, int number)
{
        struct task *child = task_find(supervise->child);

        if (child)
                task_signal(child, number);
}

void supervise_child_pause(struct supervise *supervise, bool paused)
{
        supervise_child_signal(supervise, paused ? SIGSTOP : SIGCONT);
        supervise->paused = paused;
        supervise_announce(supervise);
}

void supervise_want(struct supervise *supervise, bool wanted)
{
        supervise->wanted = wanted;
        supervise_announce(supervise);
}

static void cannot_start(struct supervise *supervise, int64_t usec)
{
        sim_trace("s6: %s: cannot start its run", supervise->name);
        s6->services[supervise->service].unbegun += !supervise->log;
        supervise->deadline_usec = sim_now_usec() + usec;
}

void supervise_start(struct supervise *supervise)
{
        const struct service_known *known = &s6->services[supervise->service];
        const bool old = sim_settings->flavour == S6_2_11;
        enum task_kind kind = supervise->log ? TASK_LOGGER : known->profile ? TASK_GATEWAY : TASK_STATIC;
        struct task *process;

        supervise->has_notification = supervise_has(supervise, "notification-fd", F_OK);
        if (sim_fault(FAULT_S6, 1500)) {
                cannot_start(supervise, 60 * SEC);
                return;
        }
        if (!supervise_has(supervise, "run", X_OK)) {
                cannot_start(supervise, old ? 10 * SEC : 60 * SEC);
                return;
        }
        process = task_new(kind, supervise->pid, supervise->service, supervise->log,
                           (int)(supervise - s6->supervises));
        if (!process) {
                cannot_start(supervise, 60 * SEC);
                return;
        }
        supervise->child = supervise->group = process->pid;
        supervise->notified = false;
        supervise->deadline_usec = SIM_NEVER;
        supervise->next_usec = 0;
        supervise->state = SUPERVISE_UP;
        supervise->ready = false;
        supervise->since_usec = sim_utc_usec();
        sim_trace("s6: %s: starts %d", supervise->name, (int)process->pid);
        if (kind == TASK_GATEWAY && supervise_has(supervise, "log/down", F_OK))
                s6->services[supervise->service].unlogged++;
        if (kind == TASK_LOGGER)
                logger_begin(process);
        else
                gateway_begin(process);
        supervise_announce(supervise);
}

static void set_down(struct supervise *supervise)
{
        supervise->child = supervise->group = 0;
        supervise->finishing = false;
        supervise->ready = true;
        supervise->state = SUPERVISE_DOWN;
        supervise->deadline_usec = supervise->next_usec ? supervise->next_usec : sim_now_usec() + SEC;
        /* Between the two stamps the death tally is written, and finish is tried. */
        supervise->ready_usec = sim_utc_usec() + (sim_utc_usec() == supervise->since_usec);
        supervise_announce(supervise);
        sim_trace("s6: %s: down%s", supervise->name, supervise->wanted ? ", wanted" : "");
}

static void note_end(const struct supervise *supervise)
{
        struct service_known *known = &s6->services[supervise->service];
        const unsigned at = known->ends % S6_ENDS;

        if (supervise->log)
                return;
        known->end[at].utc_usec = supervise->since_usec;
        known->end[at].wait_status = supervise->wait_status;
        known->ends++;
}

/* Its run has ended. False: there is no finish, and it is down. */
static bool begin_finish(struct supervise *supervise, int status)
{
        struct task *process;
        unsigned msec = FINISH_MSEC;
        bool there = supervise_has(supervise, "finish", X_OK);

        supervise->wait_status = status;
        supervise->ended = supervise->child;
        supervise->paused = supervise->ready = supervise->dying = false;
        supervise->since_usec = sim_utc_usec();
        supervise->has_notification = supervise->notified = false;
        note_end(supervise);
        supervise_count_death(supervise);
        process = (there || sim_settings->flavour == S6_2_11) && !sim_fault(FAULT_S6, 500)
                          ? task_new(TASK_FINISH, supervise->pid, supervise->service, supervise->log,
                                     (int)(supervise - s6->supervises))
                          : NULL;
        if (!process) {
                set_down(supervise);
                return false;
        }
        process->code = WIFSIGNALED(status) ? 256 : WEXITSTATUS(status);
        process->number = WTERMSIG(status);
        supervise->child = process->pid;
        if (sim_settings->flavour == S6_2_13)
                supervise->group = process->pid;
        if (there)
                finish_begin(process);
        else
                task_end(process, 127 << 8); /* 2.11 forks before it sees that there is none */
        supervise->finishing = true;
        supervise_announce(supervise);
        supervise_read_number(supervise, "timeout-finish", &msec);
        supervise->deadline_usec = msec ? sim_now_usec() + msec * MSEC : SIM_NEVER;
        return true;
}

void supervise_bail(struct supervise *supervise)
{
        supervise->bails = true;
}

void supervise_child_ended(struct supervise *supervise, int status)
{
        const bool last = supervise->state == SUPERVISE_LASTUP || supervise->state == SUPERVISE_LASTFINISH;

        if (supervise->state == SUPERVISE_UP || supervise->state == SUPERVISE_LASTUP) {
                if (begin_finish(supervise, status))
                        supervise->state = last ? SUPERVISE_LASTFINISH : SUPERVISE_FINISH;
                else if (last)
                        supervise_bail(supervise);
                return;
        }
        if (WIFEXITED(status) && WEXITSTATUS(status) == 125)
                supervise->wanted = false;
        set_down(supervise);
        if (last)
                supervise_bail(supervise);
}

static void expire(struct supervise *supervise)
{
        supervise->deadline_usec = SIM_NEVER;
        if (supervise->state == SUPERVISE_DOWN) {
                if (supervise->wanted)
                        supervise_start(supervise);
        } else if (supervise_is_up(supervise)) {
                if (supervise->dying) {
                        supervise_child_signal(supervise, SIGKILL);
                        if (sim_settings->flavour == S6_2_15)
                                supervise_child_pause(supervise, false);
                        supervise->deadline_usec = sim_now_usec() + KILL_AGAIN_USEC;
                }
        } else {
                sim_trace("s6: %s: its finish takes too long", supervise->name);
                supervise_child_pause(supervise, false);
                supervise_child_signal(supervise, SIGKILL);
                supervise->deadline_usec = sim_now_usec() + KILL_AGAIN_USEC;
        }
}

static void boot(struct supervise *supervise)
{
        const bool pauses = sim_settings->flavour == S6_2_15;

        if (supervise->state == SUPERVISE_BOOT) {
                if (supervise_enter(supervise))
                        supervise->state = SUPERVISE_BOOT2;
                else
                        leave(supervise, 111);
                return;
        }
        if (supervise->state == SUPERVISE_BOOT2) {
                if (supervise_control(supervise))
                        supervise->state = SUPERVISE_BOOT3;
                else
                        leave(supervise, 111);
                return;
        }
        supervise_forget_deaths(supervise);
        if (supervise_has(supervise, "down", F_OK))
                supervise->wanted = false;
        supervise->since_usec = supervise->ready_usec = sim_utc_usec();
        supervise->paused = pauses;
        supervise_announce(supervise);
        supervise->paused = false;
        supervise->deadline_usec = sim_now_usec();
        supervise->state = SUPERVISE_DOWN;
        sim_trace("s6: %s: supervised by %d", supervise->name, (int)supervise->pid);
}

/* What it found has been seen to: it sleeps, or ends. */
static void rest(struct supervise *supervise)
{
        supervise->reads = supervise->takes_signals = false;
        if (supervise->bails)
                leave(supervise, 0);
}

static void readiness(struct supervise *supervise)
{
        supervise->notified = false;
        supervise->next_usec = sim_now_usec() + SEC;
        supervise->ready_usec = sim_utc_usec();
        supervise->ready = true;
        supervise_announce(supervise);
}

static void step_awake(struct supervise *supervise)
{
        char letter;

        if (supervise->notified && !supervise->reads) {
                readiness(supervise);
        } else if (supervise->signals && !supervise->reads) {
                unsigned signal = supervise->signals & -supervise->signals;

                supervise->signals &= ~signal;
                supervise_take_signal(supervise, signal);
                if (supervise->state != SUPERVISE_FREE && !supervise->signals)
                        rest(supervise);
        } else if (supervise_read_letter(supervise, &letter)) {
                supervise->reads = true;
                supervise_take_letter(supervise, letter);
        } else {
                supervise->has_letters = false;
                rest(supervise);
                if (supervise->state != SUPERVISE_FREE && !supervise->signals && !supervise->notified)
                        supervise->wake_usec = SIM_NEVER;
        }
}

void supervise_step(struct supervise *supervise)
{
        struct task *process = task_find(supervise->pid);

        if (process->stopped) /* only when faults have ceased */
                task_signal(process, SIGCONT);
        else if (supervise->state < SUPERVISE_DOWN)
                boot(supervise);
        else if (supervise->wake_usec <= sim_now_usec())
                step_awake(supervise);
        else
                expire(supervise);
}

int64_t supervise_due_usec(struct supervise *supervise)
{
        const struct task *process = task_find(supervise->pid);

        if (process->stopped)
                return sim_faults_ceased() ? sim_now_usec() : SIM_NEVER;
        if (supervise->has_letters)
                wake(supervise);
        return supervise->wake_usec < supervise->deadline_usec ? supervise->wake_usec
                                                               : supervise->deadline_usec;
}

/* One that cannot start its run for now is at rest, too, if it waits for long. */
bool supervise_is_at_rest(const struct supervise *supervise)
{
        return supervise->wake_usec == SIM_NEVER && !supervise->has_letters &&
               (supervise->state == SUPERVISE_UP || supervise->state == SUPERVISE_LASTUP ||
                (supervise->state == SUPERVISE_DOWN && !supervise->wanted));
}
